// What happens to containers, images, volumes and networks, told as dockerd does: a line of JSON each in a file that all processes append to and that does not grow without end.
import type { Clock, Folder } from '../host/ports.ts';
import type { Image } from '../oci/index.ts';
import type { ContainerRecord } from './container-record.ts';

export interface Event {
  readonly Type: 'container' | 'image' | 'volume' | 'network' | 'builder';
  /** create, `exec_start: ls`, … */
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  /** Nanoseconds since 1970, as text: more digits than a number has. */
  readonly timeNano: string;
}

export const eventsPath = 'events.log';
/** What came before, when that file was full. */
export const olderEventsPath = 'events.log.1';
/** A file that is longer, in bytes, is put aside; the one that was put aside before is gone. */
const LONGEST = 1 << 20;

const sorted = (attributes: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Tells what happens. A folder that cannot be appended to, or is full, has no events. */
export class EventLog {
  readonly #folder: Folder;
  readonly #clock: Clock;

  constructor(folder: Folder, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  tell(Type: Event['Type'], Action: string, ID: string, attributes: Readonly<Record<string, string>> = {}): void {
    const event: Event = { Type, Action, Actor: { ID, Attributes: sorted(attributes) }, timeNano: String(this.#clock.realtimeNs()) };
    try {
      const size = this.#folder.append?.(eventsPath, new TextEncoder().encode(`${JSON.stringify(event)}\n`)) ?? 0;
      if (size > LONGEST) this.#putAside();
    } catch (error) { if (typeof (error as { code?: unknown }).code !== 'string') throw error; }
  }

  /** Something happened to a container; its labels, image and name are said, too. */
  ofContainer(record: ContainerRecord, action: string, more: Readonly<Record<string, string>> = {}): void {
    this.tell('container', action, record.Id, { ...record.Config.Labels, image: record.Config.Image, name: record.Name, ...more });
  }

  /** Something happened to an image; its labels are said, too. */
  ofImage({ id, config }: Pick<Image, 'id' | 'config'>, action: string, name = id): void { this.tell('image', action, id, { ...config.config?.Labels, name }); }

  /** By one process alone, when it still is as long. */
  #putAside(): void {
    this.#folder.exclusive(() => { if ((this.#folder.size(eventsPath) ?? 0) > LONGEST) this.#folder.rename?.(eventsPath, olderEventsPath); });
  }
}

/** The event that a line tells; undefined for one that is none (its end was not written). */
export function parseEvent(line: string): Event | undefined {
  try {
    const event = JSON.parse(line) as Event;
    return typeof event.timeNano === 'string' && typeof event.Actor.ID === 'string' ? event : undefined;
  } catch { return undefined; }
}
