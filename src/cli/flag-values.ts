// The values that docker's flags take, as Go reads them; what cannot be read is a BadValue, with Go's words.
import { ClientError } from './flags.ts';

/** A value that a flag does not take: `why` in the words of docker's client. */
export class BadValue extends Error {
  readonly value: string;
  constructor(value: string, why: string) { super(why); this.value = value; }
}

const invalidNumber = (parse: string, value: string, shown = value): BadValue => new BadValue(shown, `strconv.${parse}: parsing ${JSON.stringify(value)}: invalid syntax`);
const outOfRange = (parse: string, value: string): BadValue => new BadValue(value, `strconv.${parse}: parsing ${JSON.stringify(value)}: value out of range`);

/** A whole number. */
export function integer(value: string, shown = value): number {
  if (!/^[+-]?\d+$/.test(value)) throw invalidNumber('ParseInt', value, shown);
  return Number(value);
}

/** A whole number that is not negative, of so many bits. */
export function unsigned(value: string, bits = 64): number {
  if (!/^\d+$/.test(value)) throw invalidNumber('ParseUint', value);
  if (Number(value) >= 2 ** bits) throw outOfRange('ParseUint', value);
  return Number(value);
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** "64m", "1.5g", "4194304": bytes (go-units RAMInBytes). */
export function bytesOf(value: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(value);
  if (!match) throw new BadValue(value, `invalid size: '${value}'`);
  return Math.floor(Number(match[1]) * sizeUnits[match[2]!.toLowerCase()]!);
}

/** As `bytesOf`; -1 is any. */
export const bytesOrAny = (value: string): number => (value === '-1' ? -1 : bytesOf(value));

/** A decimal or a fraction of processors, in billionths. */
export function nanoCpus(value: string): number {
  const match = /^([+-]?\d*\.?\d*(?:e[+-]?\d+)?)(?:\/(\d+))?$/i.exec(value);
  const number = match && match[1] !== '' ? Number(match[1]) / Number(match[2] ?? 1) : NaN;
  if (!Number.isFinite(number)) throw new BadValue(value, `failed to parse ${value} as a rational number`);
  if (!Number.isInteger(Math.round(number * 1e12) / 1e3)) throw new BadValue(value, 'value is too precise');
  return Math.round(number * 1e9);
}

const nsOf: Readonly<Record<string, number>> = { ns: 1, us: 1e3, 'µs': 1e3, 'μs': 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

/** Go's time.ParseDuration, in nanoseconds. */
export function duration(value: string): number {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(value)!;
  if (rest === '0') return 0;
  const parts = [...rest.matchAll(/(\d+\.?\d*|\.\d+)([a-zµμ]+)/g)];
  if (rest === '' || parts.map(([whole]) => whole).join('') !== rest) throw new BadValue(value, /^[\d.]+$/.test(rest) && rest !== '.' ? `time: missing unit in duration ${JSON.stringify(value)}` : `time: invalid duration ${JSON.stringify(value)}`);
  const unknown = parts.find(([, , unit]) => !Object.hasOwn(nsOf, unit!));
  if (unknown) throw new BadValue(value, `time: unknown unit ${JSON.stringify(unknown[2])} in duration ${JSON.stringify(value)}`);
  return (sign === '-' ? -1 : 1) * Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * nsOf[unit!]!, 0));
}

/** NAME=VALUE words as an object; a word without `=` has an empty value. */
export const pairs = (words: readonly string[]): Record<string, string> =>
  Object.fromEntries(words.map((word) => { const at = word.indexOf('='); return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]; }));

const limits = ['core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio', 'rttime', 'sigpending', 'stack'];

/** "nofile=1024:2048" (go-units ParseUlimit). */
export function ulimit(value: string): { Name: string; Hard: number; Soft: number } {
  const at = value.indexOf('=');
  if (at < 0) throw new BadValue(value, `invalid ulimit argument: ${value}`);
  const name = value.slice(0, at);
  if (!limits.includes(name)) throw new BadValue(value, `invalid ulimit type: ${name}`);
  const said = value.slice(at + 1).split(':');
  if (said.length > 2) throw new BadValue(value, `too many limit value arguments - ${value.slice(at + 1)}, can only have up to two, \`soft[:hard]\``);
  const Soft = integer(said[0]!, value);
  const Hard = said[1] === undefined ? Soft : integer(said[1], value);
  if (Hard !== -1 && (Soft === -1 || Soft > Hard)) throw new BadValue(value, `ulimit soft limit must be less than or equal to hard limit: ${Soft === -1 ? 'soft: -1 (unlimited), hard' : Soft} ${Soft === -1 ? `: ${Hard}` : `> ${Hard}`}`);
  return { Name: name, Hard, Soft };
}

/** "/dev/null[:/dev/x][:rwm]". */
export function device(value: string): { PathOnHost: string; PathInContainer: string; CgroupPermissions: string } {
  const parts = value.split(':');
  const isMode = (text: string | undefined): boolean => text !== undefined && /^[rwm]{1,3}$/.test(text);
  if (parts.length > 3) throw new ClientError(`bad format for path: ${value}`);
  const [PathOnHost, second, third] = parts as [string, string?, string?];
  const PathInContainer = second === undefined || isMode(second) ? PathOnHost : second;
  if (!PathInContainer.startsWith('/')) throw new ClientError(`${PathInContainer} is not an absolute path`);
  if (third !== undefined && !isMode(third)) throw new ClientError(`bad mode specified: ${third}`);
  return { PathOnHost, PathInContainer, CgroupPermissions: third ?? (isMode(second) ? second! : 'rwm') };
}

/** "c 1:3 r". */
export function deviceRule(value: string): string {
  if (!/^[acb] (?:[0-9]+|\*):(?:[0-9]+|\*) [rwm]{1,3}$/.test(value)) throw new BadValue(value, `invalid device cgroup format '${value}'`);
  return value;
}

/** "/dev/sda:1mb"; `rate` reads what is behind the colon. */
export function throttle(value: string, rate: (text: string) => number): { Path: string; Rate: number } {
  const at = value.indexOf(':');
  const wrong = (): BadValue => new BadValue(value, `invalid rate for device: ${value}. The correct format is <device-path>:<number>${rate === bytesOf ? '[<unit>]' : ''}. Number must be a positive integer${rate === bytesOf ? '. Unit is optional and can be kb, mb, or gb' : ''}`);
  if (at < 0) throw new BadValue(value, `bad format: ${value}`);
  if (!value.startsWith('/dev/')) throw new BadValue(value, `bad format for device path: ${value}`);
  try { return { Path: value.slice(0, at), Rate: rate(value.slice(at + 1)) }; } catch (error) { throw error instanceof BadValue ? wrong() : error; }
}

/** "/dev/sda:100". */
export function weight(value: string): { Path: string; Weight: number } {
  const at = value.indexOf(':');
  if (at < 0) throw new BadValue(value, `bad format: ${value}`);
  if (!value.startsWith('/dev/')) throw new BadValue(value, `bad format for device path: ${value}`);
  const said = value.slice(at + 1);
  if (!/^\d+$/.test(said) || (Number(said) !== 0 && (Number(said) < 10 || Number(said) > 1000))) throw new BadValue(value, `invalid weight for device: ${value}`);
  return { Path: value.slice(0, at), Weight: Number(said) };
}

const sysctlsAllowed = ['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'];

export function sysctl(value: string): string {
  const name = value.split('=', 1)[0]!;
  if (!value.includes('=') || !(sysctlsAllowed.includes(name) || /^(?:net|fs\.mqueue)\./.test(name))) throw new BadValue(value, `sysctl '${value}' is not allowed`);
  return value;
}

/** "80", "80-82/udp": names of ports. */
export function ports(value: string): string[] {
  const [range = '', protocol = 'tcp'] = value.split('/');
  if (value.includes(':')) throw new ClientError(`invalid port format for --expose: ${value}`);
  const [from = '', to = from] = range.split('-');
  for (const text of [from, to]) {
    if (!/^\d+$/.test(text)) throw new ClientError(`invalid range format for --expose: ${value}, error: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
    if (Number(text) > 65535) throw new ClientError(`invalid range format for --expose: ${value}, error: strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
  }
  if (Number(from) > Number(to)) throw new ClientError(`invalid range format for --expose: ${value}, error: invalid range specified for port: ${range}`);
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `${Number(from) + i}/${protocol.toLowerCase()}`);
}

/** "all", "2", "device=0,1": what --gpus asks for. */
export function gpus(value: string): { Driver: string; Count: number; DeviceIDs: string[] | null; Capabilities: string[][]; Options: Record<string, string> } {
  const request = { Driver: '', Count: 0, DeviceIDs: null as string[] | null, Capabilities: [] as string[][], Options: {} as Record<string, string> };
  const more: string[] = [];
  for (const field of value.match(/(?:"[^"]*"|[^,])+/g) ?? []) {
    const [key = '', said] = field.replaceAll('"', '').split(/=(.*)/s) as [string, string?];
    if (said === undefined || key === 'count') request.Count = (said ?? key) === 'all' ? -1 : integer(said ?? key, value);
    else if (key === 'driver') request.Driver = said;
    else if (key === 'device') request.DeviceIDs = said.split(',');
    else if (key === 'capabilities') more.push(...said.split(','));
    else if (key === 'options') Object.assign(request.Options, pairs(said.split(',')));
    else throw new BadValue(value, `unexpected key '${key}' in '${field}'`);
  }
  if (request.Count === 0 && !request.DeviceIDs) request.Count = 1;
  request.Capabilities = [[...more, 'gpu']];
  return request;
}

const isAddress = (value: string): boolean => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/.test(value) || (value.includes(':') && /^[0-9a-f:.]+$/i.test(value));

export function address(value: string): string {
  if (!isAddress(value.trim())) throw new BadValue(value, `IP address is not correctly formatted: ${value}`);
  return value.trim();
}

/** NAME:ADDRESS or NAME=ADDRESS. */
export function extraHost(value: string): string {
  const match = /^([^:=]+)[:=](.*)$/.exec(value);
  if (!match) throw new BadValue(value, `bad format for add-host: ${JSON.stringify(value)}`);
  const at = match[2]!.replace(/^\[(.*)\]$/, '$1');
  if (at !== 'host-gateway' && !isAddress(at)) throw new BadValue(value, `invalid IP address in add-host: ${JSON.stringify(at)}`);
  return `${match[1]}:${at}`;
}

/** A search domain; a point alone is none. */
export function searchDomain(value: string): string {
  if (value.trim() === '.') return '.';
  if (!/^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i.test(value.trim())) throw new BadValue(value, `${value} is not a valid domain`);
  return value.trim();
}
