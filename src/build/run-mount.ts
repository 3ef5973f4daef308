// RUN --mount: what is seen at a path while a command runs, and is no part of the layer.
import { type BuildError, syntaxError } from './errors.ts';

export interface RunMount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret';
  /** Absent: of a secret /run/secrets/ID. */
  readonly target: string;
  readonly source: string | undefined;
  readonly from: string | undefined;
  readonly readonly: boolean;
  /** Of caches and secrets. */
  readonly id: string;
  readonly sharing: string;
  readonly required: boolean;
  /** A secret is also, or only, a variable. */
  readonly env: string | undefined;
  readonly mode: number | undefined;
  readonly uid: number;
  readonly gid: number;
  /** Of tmpfs, in bytes. */
  readonly size: number | undefined;
}

const keys: Readonly<Record<string, string>> = { type: 'type', target: 'target', dst: 'target', destination: 'target', source: 'source', src: 'source', from: 'from', id: 'id', sharing: 'sharing', mode: 'mode', uid: 'uid', gid: 'gid', size: 'size', env: 'env', readonly: 'readonly', ro: 'readonly', readwrite: 'readwrite', rw: 'readwrite', required: 'required' };
/** Which keys each type takes. */
const types: Readonly<Record<string, readonly string[]>> = {
  bind: ['target', 'source', 'from', 'readonly', 'readwrite'], cache: ['id', 'target', 'readonly', 'readwrite', 'sharing', 'from', 'source', 'mode', 'uid', 'gid'], tmpfs: ['target', 'size', 'readonly', 'readwrite'], secret: ['id', 'target', 'required', 'mode', 'uid', 'gid', 'env'],
};
const flags = ['readonly', 'readwrite', 'required'];

/** `type=cache,target=/x,…`: one value of --mount. Throws BuildError 'SYNTAX'. */
export function runMount(text: string, line: number): RunMount {
  const fail = (why: string): BuildError => syntaxError(line, why);
  const said = new Map<string, string>();
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    const word = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const key = Object.hasOwn(keys, word) ? keys[word]! : undefined;
    if (key === undefined) throw fail(`unexpected key '${word}' in '${field}'`);
    if (equals < 0 && !flags.includes(key)) throw fail(`invalid field '${field}' must be a key=value pair`);
    said.set(key, equals < 0 ? 'true' : field.slice(equals + 1).replace(/^"(.*)"$/, '$1'));
  }
  const type = said.get('type') ?? 'bind';
  if (type === 'ssh') throw fail('mounts of type ssh are not supported: there is no agent to forward');
  const allowed = Object.hasOwn(types, type) ? types[type] : undefined;
  if (!allowed) throw fail(`unsupported mount type "${type}"`);
  for (const [key] of said) if (key !== 'type' && !allowed.includes(key)) throw fail(`unexpected key '${key}' for mount type '${type}'`);
  return mountOf(type as RunMount['type'], said, fail);
}

function mountOf(type: RunMount['type'], said: ReadonlyMap<string, string>, fail: (why: string) => BuildError): RunMount {
  const truth = (key: string): boolean | undefined => (said.has(key) ? !/^(false|0)$/i.test(said.get(key)!) : undefined);
  const number = (key: string, base: number): number | undefined => {
    if (!said.has(key)) return undefined;
    const value = parseInt(said.get(key)!, base);
    if (!(value >= 0)) throw fail(`invalid value ${said.get(key)} for ${key}`);
    return value;
  };
  const env = said.get('env');
  const given = said.get('target');
  const id = said.get('id') ?? (type === 'secret' ? (given ?? env ?? '').split('/').at(-1)! : given ?? '');
  const target = given ?? (type === 'secret' && id !== '' ? (env === undefined ? `/run/secrets/${id}` : '') : undefined);
  if (target === undefined || (target === '' && type !== 'secret')) throw fail(type === 'secret' ? "either 'id' or 'target' must be set" : 'target is required');
  const sharing = said.get('sharing') ?? 'shared';
  if (!['shared', 'private', 'locked'].includes(sharing)) throw fail(`unsupported sharing value "${sharing}"`);
  return {
    type, target, source: said.get('source'), from: said.get('from'), readonly: truth('readonly') ?? (truth('readwrite') === undefined ? type === 'bind' : !truth('readwrite')), id, sharing, required: truth('required') ?? false, env,
    mode: number('mode', 8), uid: number('uid', 10) ?? 0, gid: number('gid', 10) ?? 0, size: sizeOf(said.get('size'), fail),
  };
}

function sizeOf(text: string | undefined, fail: (why: string) => BuildError): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d+)([kmgt]?)i?b?$/i.exec(text) ?? [];
  if (digits === undefined) throw fail(`invalid size: '${text}'`);
  return Number(digits) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ');
}
