// Dockerfile instructions that change how an image runs (`--change` of commit and import): one row each, with Docker's forms and words of error.
import { ImageError } from './errors.ts';
import type { HealthConfig, RunConfig } from './image.ts';
import { durationNs, exposedPorts, jsonList, signal, workingDirectory } from './instruction-values.ts';
import { expand, splitWords } from './shell-words.ts';

const bad = (message: string): ImageError => new ImageError('bad-change', message);

/** A run configuration while it is made. */
type Draft = { -readonly [K in keyof RunConfig]: RunConfig[K] } & { /** CMD was said: ENTRYPOINT leaves it alone. */ said?: boolean };

type Instruction = (config: Draft, rest: string, word: (text: string) => string) => void;

const instructions: Readonly<Record<string, Instruction>> = {
  cmd(config, rest) {
    config.Cmd = command(rest);
    config.said = true;
  },
  entrypoint(config, rest) {
    config.Entrypoint = command(rest);
    if (!config.said) delete config.Cmd;
  },
  env(config, rest, word) {
    for (const [name, value] of pairs('ENV', rest)) {
      const key = word(name);
      if (key === '') throw bad('ENV names can not be blank');
      const lines = new Map((config.Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line]));
      config.Env = [...lines.set(key, `${key}=${word(value)}`).values()];
    }
  },
  expose(config, rest, word) {
    if (rest === '') throw bad('EXPOSE requires at least one argument');
    const ports = rest.split(/\s+/).flatMap((text) => splitWords(word(text))).flatMap(exposedPorts);
    config.ExposedPorts = keyed([...Object.keys(config.ExposedPorts ?? {}), ...ports]);
  },
  healthcheck(config, rest) { config.Healthcheck = healthcheck(rest); },
  label(config, rest, word) {
    const labels = pairs('LABEL', rest).map(([name, value]) => [word(name), word(value)] as const);
    if (labels.some(([name]) => name === '')) throw bad('LABEL names can not be blank');
    config.Labels = sorted({ ...config.Labels, ...Object.fromEntries(labels) });
  },
  onbuild(config, rest) {
    const trigger = /^\S*/.exec(rest)![0].toUpperCase();
    if (trigger === '') throw bad('ONBUILD requires at least one argument');
    if (trigger === 'ONBUILD') throw bad("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (trigger === 'FROM' || trigger === 'MAINTAINER') throw bad(`${trigger} isn't allowed as an ONBUILD trigger`);
    config.OnBuild = [...config.OnBuild ?? [], rest];
  },
  stopsignal(config, rest, word) { config.StopSignal = signal(one('STOPSIGNAL', rest, word)); },
  user(config, rest, word) { config.User = one('USER', rest, word); },
  volume(config, rest, word) {
    const paths = (jsonList(rest) ?? (rest === '' ? [] : rest.split(/\s+/))).map((path) => word(path).trim());
    if (paths.length === 0) throw bad('VOLUME requires at least one argument');
    if (paths.includes('')) throw bad('VOLUME specified can not be an empty string');
    config.Volumes = keyed([...Object.keys(config.Volumes ?? {}), ...paths]);
  },
  workdir(config, rest, word) { config.WorkingDir = workingDirectory(config.WorkingDir ?? '', one('WORKDIR', rest, word)); },
};

const sorted = <V>(record: Readonly<Record<string, V>>): Record<string, V> => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
const keyed = (names: readonly string[]): Record<string, object> => sorted(Object.fromEntries(names.map((name) => [name, {}])));

function one(name: string, rest: string, word: (text: string) => string): string {
  if (rest === '') throw bad(`${name} requires exactly one argument`);
  return word(rest);
}

/** The exec form (a JSON list) as it is, anything else for the shell. */
const command = (rest: string): string[] => jsonList(rest) ?? ['/bin/sh', '-c', ...(rest === '' ? [] : [rest])];

/** `name=value …`, or the old form `name value with spaces`. */
function pairs(instruction: string, rest: string): [string, string][] {
  const words = splitWords(rest);
  if (words.length === 0) throw bad(`${instruction} requires at least one argument`);
  if (words[0]!.includes('=')) {
    return words.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 0) throw bad(`Syntax error - can't find = in ${JSON.stringify(text)}. Must be of the form: name=value`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    });
  }
  const old = /^(\S+)\s+(.*)$/s.exec(rest);
  if (!old) throw bad(`${instruction} must have two arguments`);
  return [[old[1]!, old[2]!]];
}

const healthTimes = { interval: 'Interval', timeout: 'Timeout', 'start-period': 'StartPeriod', 'start-interval': 'StartInterval' } as const;

/** HEALTHCHECK NONE, or [--interval= --timeout= --start-period= --start-interval= --retries=] CMD. */
function healthcheck(text: string): HealthConfig {
  const health: { -readonly [K in keyof HealthConfig]: HealthConfig[K] } = {};
  let rest = text;
  for (let flag = /^--([\w-]+)(?:=(\S*))?(?:\s+|$)/.exec(rest); flag; flag = /^--([\w-]+)(?:=(\S*))?(?:\s+|$)/.exec(rest)) {
    setHealthFlag(health, flag[1]!, flag[2] ?? '');
    rest = rest.slice(flag[0].length);
  }
  const [, kind = '', test = ''] = /^(\S*)\s*(.*)$/s.exec(rest)!;
  if (kind === '') throw bad('HEALTHCHECK requires at least one argument');
  if (kind.toUpperCase() === 'NONE') {
    if (test !== '') throw bad('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  if (kind.toUpperCase() !== 'CMD') throw bad(`Unknown type ${JSON.stringify(kind.toUpperCase())} in HEALTHCHECK (try CMD)`);
  const list = jsonList(test);
  if (test === '' || list?.length === 0) throw bad('Missing command after HEALTHCHECK CMD');
  return { Test: list ? ['CMD', ...list] : ['CMD-SHELL', test], ...health };
}

function setHealthFlag(health: { -readonly [K in keyof HealthConfig]: HealthConfig[K] }, name: string, value: string): void {
  if (name === 'retries') {
    if (!/^[-+]?\d+$/.test(value)) throw bad(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (Number(value) < 1) throw bad(`--retries must be at least 1 (not ${Number(value)})`);
    health.Retries = Number(value);
    return;
  }
  const field = healthTimes[name as keyof typeof healthTimes];
  if (field === undefined) throw bad(`Unknown flag: ${name}`);
  const ns = durationNs(value);
  if (ns < 1_000_000) throw bad(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  health[field] = ns;
}

/** The lines of a Dockerfile with comments left out and continued lines joined. */
function logicalLines(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^\s*#/.test(line));
  const joined: string[] = [];
  let pending = '';
  for (const [i, line] of lines.entries()) {
    const continued = /\\[ \t]*$/.test(line);
    pending += continued ? line.replace(/\\[ \t]*$/, '') : line;
    if (continued && i < lines.length - 1) continue;
    joined.push(pending.trim());
    pending = '';
  }
  return joined;
}

/** What Dockerfile instructions, one or several to a text, make of a configuration: Docker's `--change`. An ENTRYPOINT forgets the CMD that was there. Throws ImageError 'bad-change' in Docker's words. */
export function changeConfig(base: RunConfig, changes: readonly string[]): RunConfig {
  if (changes.length === 0) return base;
  const draft: Draft = { ...base };
  const lines = logicalLines(changes.join('\n'));
  if (lines.length === 0) throw bad('file with no instructions');
  const variable = (name: string): string | undefined => draft.Env?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  for (const line of lines) {
    const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line)!;
    const instruction = Object.hasOwn(instructions, name.toLowerCase()) ? instructions[name.toLowerCase()] : undefined;
    if (!instruction) throw bad(`${name.toLowerCase()} is not a valid change command`);
    instruction(draft, rest, (text) => expand(text, variable));
  }
  const { said: _, ...config } = draft;
  return completed(config, base);
}

/** What instructions left empty comes from `base`: an empty ENTRYPOINT says nothing, an empty CMD only where there is an ENTRYPOINT, as Docker has it. */
function completed(config: RunConfig, base: RunConfig): RunConfig {
  const bare = !config.Entrypoint?.length;
  const merged: RunConfig = {
    ...config, ...(bare ? { Entrypoint: base.Entrypoint ?? [] } : {}), ...(bare && !config.Cmd?.length ? { Cmd: base.Cmd ?? [] } : {}), ...(config.Healthcheck ? { Healthcheck: { ...base.Healthcheck, ...config.Healthcheck } } : {}),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => typeof value !== 'object' || Object.keys(value ?? {}).length > 0)) as RunConfig;
}
