// wherry events: what happens to containers, images, volumes and networks, while it happens or from what is remembered.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Event, eventsPath, olderEventsPath, parseEvent } from '../../engine/index.ts';
import { eventFilter } from '../event-filters.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { type Parsed, PlainError, string } from '../flags.ts';
import { BAD_TEMPLATE, inspectFormatFlag } from '../inspect.ts';
import { momentMs } from '../moment.ts';
import { openEngine } from '../setup.ts';
import { TailedFile } from '../tailed-file.ts';
import { executeTemplate, json, JsonNumber, omitEmpty, parseTemplate, type Struct, TemplateError, typeOf } from '../template/index.ts';
import type { Verb } from '../verb.ts';

const STEP_MS = 50;

const two = (n: number): string => String(n).padStart(2, '0');

/** In the local zone, with nine decimals. */
function timeText(nanoseconds: bigint): string {
  const at = new Date(Number(nanoseconds / 1_000_000n));
  const minutes = -at.getTimezoneOffset();
  const zone = minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}${zone}`;
}

function line({ Type, Action, Actor: { ID, Attributes }, timeNano }: Event): string {
  const attributes = Object.entries(Attributes).map(([name, value]) => `${name}=${value}`).join(', ');
  return `${timeText(BigInt(timeNano))} ${Type} ${Action} ${ID}${attributes === '' ? '' : ` (${attributes})`}`;
}

/** Of containers and images there are the fields of old clients, too. */
function document({ Type, Action, Actor, timeNano }: Event): Struct {
  const isOld = Type === 'container' || Type === 'image';
  const nanoseconds = BigInt(timeNano);
  return {
    status: isOld ? Action : '', id: isOld ? Actor.ID : '', from: isOld ? Actor.Attributes['image'] ?? '' : '', Type, Action, Actor: { ID: Actor.ID, Attributes: new Map(Object.entries(Actor.Attributes)) },
    scope: 'local', time: Number(nanoseconds / 1_000_000_000n), timeNano: nanoseconds, [omitEmpty]: ['status', 'id', 'from'],
  };
}

/** The document with its fields as templates call them; JSON does not show those. */
function fields(event: Event): Struct {
  const struct = { ...document(event), [typeOf]: '*events.Message' };
  const { status, id, from, scope, time, timeNano } = struct as Record<string, unknown>;
  const names = { Status: status, ID: id, From: from, Scope: scope, Time: time, TimeNano: new JsonNumber(String(timeNano)) };
  return Object.defineProperties(struct, Object.fromEntries(Object.entries(names).map(([name, value]) => [name, { value, enumerable: false }])));
}

type Show = (event: Event) => string;

/** Throws TemplateError. */
function showing(format: string): Show {
  if (format === '') return line;
  if (format === 'json') return (event) => json(document(event));
  const template = parseTemplate(format);
  return (event) => executeTemplate(template, fields(event));
}

/** Throws PlainError. */
function moment(parsed: Parsed, flag: string): number | undefined {
  const said = parsed.string(flag);
  if (!said) return undefined;
  const ms = momentMs(said, Date.now());
  if (ms === undefined) throw new PlainError(`failed to parse value as time or duration: ${JSON.stringify(said)}`);
  return ms;
}

export const events: Verb = {
  name: 'events',
  aliases: ['system events'],
  usage: '[OPTIONS]',
  help: 'Get real time events from the server',
  flags: [
    filterFlag(undefined, 'f'), { ...inspectFormatFlag, short: '' }, string('since', 'Show all events created since timestamp'), string('until', 'Stream events until this timestamp'),
  ],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const wanted = eventFilter(filtersOf(parsed));
    const sinceMs = moment(parsed, 'since');
    const untilMs = moment(parsed, 'until') ?? Infinity;
    try {
      const show = showing(parsed.string('format') ?? '');
      const file = new TailedFile(engine.hostPath(eventsPath), [engine.hostPath(olderEventsPath)], sinceMs === undefined);
      for (;;) {
        const isLast = Date.now() >= untilMs;
        for (const text of file.next()) {
          const event = parseEvent(text);
          if (!event) continue;
          const atMs = Number(BigInt(event.timeNano) / 1_000_000n);
          if (atMs >= (sinceMs ?? 0) && atMs <= untilMs && wanted(event)) terminal.out(`${show(event)}\n`);
        }
        if (isLast) return 0;
        await sleep(Math.max(1, Math.min(STEP_MS, untilMs - Date.now())));
      }
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      terminal.err(`Error parsing format: ${error.message.replace('template parsing error: ', '')}\n`);
      return BAD_TEMPLATE;
    }
  },
};
