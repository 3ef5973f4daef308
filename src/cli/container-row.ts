// What `ps` tells of a container, in docker's words.
import { argvOf, type ContainerRecord } from '../engine/index.ts';
import { humanDuration } from './columns.ts';

/** Go's strconv.Quote, as far as commands need it. */
const quote = (text: string): string => JSON.stringify(text);

/** At most so many letters, the last one an ellipsis when there are more. */
export const ellipsis = (text: string, most: number): string => { const letters = [...text]; return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`; };

/** In quotes; arguments with blanks in single quotes; at most 20 letters unless `whole`. */
export function commandText(record: ContainerRecord, whole: boolean): string {
  const [path = '', ...args] = argvOf(record);
  const line = [path, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
  return quote(whole ? line : ellipsis(line, 20));
}

const secondsSince = (time: string, nowMs: number): number => Math.max(0, (nowMs - Date.parse(time)) / 1000);

export const ageText = (time: string, nowMs: number): string => `${humanDuration(secondsSince(time, nowMs))} ago`;

/** Created, Up 3 seconds (healthy), Exited (137) 2 hours ago. */
export function statusText({ State }: ContainerRecord, nowMs: number): string {
  const { Status, Health, ExitCode } = State;
  if (Status === 'created') return 'Created';
  if (Status === 'restarting') return `Restarting (${ExitCode}) ${ageText(State.FinishedAt, nowMs)}`;
  if (Status === 'exited') return `Exited (${ExitCode}) ${ageText(State.FinishedAt, nowMs)}`;
  const more = Status === 'paused' ? ' (Paused)' : Health ? ` (${Health.Status === 'starting' ? 'health: starting' : Health.Status})` : '';
  return `Up ${humanDuration(secondsSince(State.StartedAt, nowMs))}${more}`;
}
