// `-v` and `--mount` as docker's client reads them: opts/mount.go, and the volumes of its compose loader.
import { isAbsolute, resolve } from 'node:path';
import type { MountRequest } from '../engine/index.ts';
import { BadValue, bytesOf } from './flag-values.ts';
import { ClientError, truthOf } from './flags.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Draft = Mutable<MountRequest>;

/** Beginning with a dot it is relative to where the user is; other words name volumes. */
const fromHere = (path: string): string => (path.startsWith('.') && !isAbsolute(path) ? resolve(path) : path);

/** `SOURCE:DESTINATION[:MODE]` with the source in full; undefined for a path alone: a volume without a name. Throws ClientError. */
export function bindWord(said: string): string | undefined {
  if (said === '') throw new ClientError('invalid empty volume spec');
  if (said.length <= 2) return undefined;
  const sections = said.split(':');
  if (sections.includes('')) throw new ClientError(`invalid spec: ${said}: empty section between colons`);
  if (sections.length > 3) throw new ClientError(`invalid spec: ${said}: too many colons`);
  const [source = '', ...rest] = sections;
  return rest.length === 0 ? undefined : [fromHere(source), ...rest].join(':');
}

/** One record of comma-separated values; a value that begins with a quote goes to the next one. */
function fieldsOf(said: string): string[] {
  if (said === '') throw new BadValue(said, 'EOF');
  const open = /(?:^|,)"(?:[^"]|"")*$/.exec(said);
  if (open) throw new BadValue(said, `parse error on line 1, column ${said.length + 1}: extraneous or missing " in quoted-field`);
  const fields = [...said.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g)].map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain);
  const bare = fields.find((field, i) => field.includes('"') && said.split(',')[i]?.startsWith('"') !== true);
  if (bare !== undefined) throw new BadValue(said, `parse error on line 1, column ${said.indexOf('"') + 1}: bare " in non-quoted-field`);
  return fields;
}

const invalid = (key: string, value: string): Error => new Error(`invalid value for ${key}: ${value}`);

function truth(key: string, value: string): boolean {
  const said = truthOf(value);
  if (said === undefined) throw invalid(key, value);
  return said;
}

function number(key: string, value: string, read: (value: string) => number): number {
  try { return read(value); } catch { throw invalid(key, value); }
}

function octal(value: string): number {
  const mode = /^[0-7]+$/.test(value) ? parseInt(value, 8) : NaN;
  if (!(mode < 2 ** 32)) throw new Error(value);
  return mode;
}

const pair = (value: string): Record<string, string> => { const [name = '', rest = ''] = value.split(/=(.*)/s); return { [name]: rest }; };

const recursions: Readonly<Record<string, MountRequest['BindOptions']>> = { enabled: {}, disabled: { NonRecursive: true }, writable: { ReadOnlyNonRecursive: true }, readonly: { ReadOnlyForceRecursive: true } };

function recursion(key: string, value: string): MountRequest['BindOptions'] {
  if (!Object.hasOwn(recursions, value)) throw new Error(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`);
  return recursions[value];
}

const source = (draft: Draft, value: string): void => { draft.Source = value === '.' || value.startsWith('./') ? resolve(value) : value; };
const target = (draft: Draft, value: string): void => { draft.Target = value; };
const readOnly = (draft: Draft, value: string, key: string): void => { draft.ReadOnly = truth(key, value); };
const bind = (draft: Draft, more: MountRequest['BindOptions']): void => { draft.BindOptions = { ...draft.BindOptions, ...more }; };
const volume = (draft: Draft, more: MountRequest['VolumeOptions']): void => { draft.VolumeOptions = { ...draft.VolumeOptions, ...more }; };
const driver = (draft: Draft, more: NonNullable<MountRequest['VolumeOptions']>['DriverConfig']): void => volume(draft, { DriverConfig: { ...draft.VolumeOptions?.DriverConfig, ...more } });
const tmpfs = (draft: Draft, more: MountRequest['TmpfsOptions']): void => { draft.TmpfsOptions = { ...draft.TmpfsOptions, ...more }; };

const keys: Readonly<Record<string, (draft: Draft, value: string, key: string) => void>> = {
  type: (draft, value) => { draft.Type = value.toLowerCase(); },
  source, src: source,
  target, dst: target, destination: target,
  readonly: readOnly, ro: readOnly,
  consistency: (draft, value) => { draft.Consistency = value.toLowerCase(); },
  'bind-propagation': (draft, value) => bind(draft, { Propagation: value.toLowerCase() }),
  'bind-nonrecursive': (draft, value, key) => bind(draft, { NonRecursive: truth(key, value) }),
  'bind-recursive': (draft, value, key) => bind(draft, recursion(key, value)),
  'volume-subpath': (draft, value) => volume(draft, { Subpath: value }),
  'volume-nocopy': (draft, value, key) => volume(draft, { NoCopy: truth(key, value) }),
  'volume-label': (draft, value) => volume(draft, { Labels: { ...draft.VolumeOptions?.Labels, ...pair(value) } }),
  'volume-driver': (draft, value) => driver(draft, { Name: value }),
  'volume-opt': (draft, value) => driver(draft, { Options: { ...draft.VolumeOptions?.DriverConfig?.Options, ...pair(value) } }),
  'tmpfs-size': (draft, value, key) => tmpfs(draft, { SizeBytes: number(key, value, bytesOf) }),
  'tmpfs-mode': (draft, value, key) => tmpfs(draft, { Mode: number(key, value, octal) }),
};

/** Keys that are true when they stand alone. */
const alone = ['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive'];

function put(draft: Draft, field: string): void {
  const [said = '', value] = field.split(/=(.*)/s);
  const key = said.toLowerCase();
  if (value === undefined && !alone.includes(key)) throw new Error(`invalid field '${field}' must be a key=value pair`);
  if (!Object.hasOwn(keys, key)) throw new Error(`unexpected key '${key}' in '${field}'`);
  keys[key]!(draft, value ?? 'true', key);
}

/** What must hold of the whole, in docker's order. */
const demands: readonly ((mount: Draft) => string | false | undefined)[] = [
  ({ Type }) => Type === '' && 'type is required',
  ({ VolumeOptions, Type }) => VolumeOptions && Type !== 'volume' && `cannot mix 'volume-*' options with mount type '${Type}'`,
  ({ BindOptions, Type }) => BindOptions && Type !== 'bind' && `cannot mix 'bind-*' options with mount type '${Type}'`,
  ({ TmpfsOptions, Type }) => TmpfsOptions && Type !== 'tmpfs' && `cannot mix 'tmpfs-*' options with mount type '${Type}'`,
  ({ Target }) => Target === '' && 'target is required',
  ({ BindOptions, ReadOnly }) => BindOptions?.ReadOnlyNonRecursive && !ReadOnly && 'option \'bind-recursive=writable\' requires \'readonly\' to be specified in conjunction',
  ({ BindOptions, ReadOnly }) => BindOptions?.ReadOnlyForceRecursive && !ReadOnly && 'option \'bind-recursive=readonly\' requires \'readonly\' to be specified in conjunction',
  ({ BindOptions }) => BindOptions?.ReadOnlyForceRecursive && BindOptions.Propagation !== 'rprivate' && 'option \'bind-recursive=readonly\' requires \'bind-propagation=rprivate\' to be specified in conjunction',
];

/** `type=bind,src=…,dst=…`. Throws BadValue. */
export function mountOf(said: string): MountRequest {
  const draft: Draft = { Type: 'volume', Target: '' };
  try { for (const field of fieldsOf(said)) put(draft, field); } catch (error) { throw error instanceof BadValue ? error : new BadValue(said, (error as Error).message); }
  const wrong = demands.map((demand) => demand(draft)).find((words) => words);
  if (wrong) throw new BadValue(said, wrong);
  return inOrder(draft);
}

const sorted = (texts: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));

/** As docker's client sends it: fields in its order, what is empty left out. */
function inOrder({ Type, Source, Target, ReadOnly, Consistency, BindOptions, VolumeOptions, TmpfsOptions }: Draft): MountRequest {
  return {
    Type, ...(Source ? { Source } : {}), Target, ...(ReadOnly ? { ReadOnly } : {}), ...(Consistency ? { Consistency } : {}), ...(BindOptions ? { BindOptions } : {}), ...(VolumeOptions ? { VolumeOptions: volumeInOrder(VolumeOptions) } : {}),
    ...(TmpfsOptions ? { TmpfsOptions } : {}),
  };
}

function volumeInOrder({ NoCopy, Labels, Subpath, DriverConfig: { Name, Options } = {} }: NonNullable<MountRequest['VolumeOptions']>): MountRequest['VolumeOptions'] & object {
  const DriverConfig = { ...(Name ? { Name } : {}), ...(Options ? { Options: sorted(Options) } : {}) };
  return { ...(NoCopy ? { NoCopy } : {}), ...(Labels ? { Labels: sorted(Labels) } : {}), ...(Subpath ? { Subpath } : {}), DriverConfig };
}
