// Dockerfile instructions that change how an image runs (a build's, and `--change` of commit and import): one row each, with Docker's forms, its words of error and of history.
import { ImageError } from './errors.ts';
import { goDuration, goQuoted, goRune } from './go-text.ts';
import type { HealthConfig, RunConfig } from './image.ts';
import { durationNs, exposedPorts, jsonList, signal, workingDirectory } from './instruction-values.ts';
import { expand, splitWords } from './shell-words.ts';

const bad = (message: string): ImageError => new ImageError('bad-change', message);

/** A run configuration while it is made. */
export type ConfigDraft = { -readonly [K in keyof RunConfig]: RunConfig[K] } & { /** CMD was said: ENTRYPOINT leaves it alone. */ said?: boolean };

/** What an instruction does to a configuration; `word` expands variables. Returns what Docker's history says of it. Throws ImageError 'bad-change'. */
export type ConfigChange = (config: ConfigDraft, word: (text: string) => string) => string;

/** Reads what follows the instruction's name. Throws ImageError 'bad-change' for a wrong form. */
type Row = (rest: string, escape: string) => ConfigChange;

const list = (words: readonly string[]): string => `[${words.map(goQuoted).join(' ')}]`;

const rows: Readonly<Record<string, Row>> = {
  cmd(rest) {
    const words = jsonList(rest);
    return (config) => {
      config.Cmd = command(words, rest, config);
      if (rest !== '' && words?.length !== 0) config.said = true;
      return `CMD ${list(config.Cmd)}`;
    };
  },
  entrypoint(rest) {
    const words = jsonList(rest);
    return (config) => {
      config.Entrypoint = command(words, rest, config);
      if (!config.said) delete config.Cmd;
      return `ENTRYPOINT ${list(config.Entrypoint)}`;
    };
  },
  env(rest, escape) {
    const said = pairs('ENV', rest, escape);
    return (config, word) => {
      const settings = expandedPairs(said, 'ENV', word);
      const lines = new Map((config.Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line]));
      for (const [key, value] of settings) lines.set(key, `${key}=${value}`);
      config.Env = [...lines.values()];
      return `ENV ${settings.map((pair) => pair.join('=')).join(' ')}`;
    };
  },
  expose(rest, escape) {
    if (rest === '') throw bad('EXPOSE requires at least one argument');
    return (config, word) => {
      const said = rest.split(/\s+/).sort().flatMap((text) => splitWords(word(text), escape));
      config.ExposedPorts = keyed([...Object.keys(config.ExposedPorts ?? {}), ...said.flatMap(exposedPorts)]);
      return `EXPOSE ${said.join(' ')}`;
    };
  },
  healthcheck(rest) {
    const health = healthcheck(rest);
    return (config) => {
      config.Healthcheck = health;
      const times = [health.Interval, health.Timeout, health.StartPeriod, ...(health.StartInterval ? [health.StartInterval] : [])].map((ns) => goQuoted(goDuration(ns ?? 0)));
      return `HEALTHCHECK &{${list(health.Test ?? [])} ${times.join(' ')} ${goRune(health.Retries ?? 0)}}`;
    };
  },
  label(rest, escape) {
    const said = pairs('LABEL', rest, escape);
    return (config, word) => {
      const labels = expandedPairs(said, 'LABEL', word);
      config.Labels = sorted({ ...config.Labels, ...Object.fromEntries(labels) });
      return `LABEL ${labels.map((pair) => pair.join('=')).join(' ')}`;
    };
  },
  onbuild(rest) {
    const trigger = /^\S*/.exec(rest)![0].toUpperCase();
    if (trigger === '') throw bad('ONBUILD requires at least one argument');
    if (trigger === 'ONBUILD') throw bad("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (trigger === 'FROM' || trigger === 'MAINTAINER') throw bad(`${trigger} isn't allowed as an ONBUILD trigger`);
    return (config) => {
      config.OnBuild = [...config.OnBuild ?? [], rest];
      return `ONBUILD ${rest}`;
    };
  },
  shell(rest) {
    const words = jsonList(rest);
    if (!words) throw bad('SHELL requires the arguments to be in JSON form');
    if (words.length === 0) throw bad('SHELL requires at least one argument');
    return (config) => {
      config.Shell = words;
      return `SHELL [${words.join(' ')}]`;
    };
  },
  stopsignal: one('STOPSIGNAL', (config, value) => { config.StopSignal = signal(value); }),
  user: one('USER', (config, value) => { config.User = value; }),
  volume(rest) {
    const said = jsonList(rest) ?? (rest === '' ? [] : rest.split(/\s+/));
    if (said.length === 0) throw bad('VOLUME requires at least one argument');
    if (said.some((path) => path.trim() === '')) throw bad('VOLUME specified can not be an empty string');
    return (config, word) => {
      const paths = said.map((path) => word(path).trim());
      if (paths.includes('')) throw bad('VOLUME specified can not be an empty string');
      config.Volumes = keyed([...Object.keys(config.Volumes ?? {}), ...paths]);
      return `VOLUME [${paths.join(' ')}]`;
    };
  },
  workdir: one('WORKDIR', (config, value) => { config.WorkingDir = workingDirectory(config.WorkingDir ?? '', value); }),
};

const sorted = <V>(record: Readonly<Record<string, V>>): Record<string, V> => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
const keyed = (names: readonly string[]): Record<string, object> => sorted(Object.fromEntries(names.map((name) => [name, {}])));

/** Instructions with one value. */
function one(name: string, set: (config: ConfigDraft, value: string) => void): Row {
  return (rest) => {
    if (rest === '') throw bad(`${name} requires exactly one argument`);
    return (config, word) => {
      const value = word(rest);
      set(config, value);
      return `${name} ${value}`;
    };
  };
}

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** The shell that reads instructions that are no JSON list. */
export const shellOf = ({ Shell }: RunConfig): readonly string[] => (Shell?.length ? Shell : DEFAULT_SHELL);

/** The exec form (a JSON list) as it is, anything else for the shell. */
const command = (words: string[] | undefined, rest: string, config: RunConfig): string[] => words ?? [...shellOf(config), ...(rest === '' ? [] : [rest])];

function expandedPairs(said: readonly [string, string][], instruction: string, word: (text: string) => string): [string, string][] {
  return said.map(([name, value]) => {
    const key = word(name);
    if (key === '') throw bad(`${instruction} names can not be blank`);
    return [key, word(value)];
  });
}

/** `name=value …`, or the old form `name value with spaces`. */
function pairs(instruction: string, rest: string, escape: string): [string, string][] {
  const words = splitWords(rest, escape);
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

/** The instruction of this name, in either case, with what follows it; undefined for a name that changes no configuration. Throws ImageError 'bad-change'. */
export const configChange = (name: string, rest: string, escape = '\\'): ConfigChange | undefined => (Object.hasOwn(rows, name.toLowerCase()) ? rows[name.toLowerCase()]!(rest, escape) : undefined);

/** The variables that a configuration sets, as they are now. */
export function variablesOf({ Env }: RunConfig): (name: string) => string | undefined {
  const lines = new Map((Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  return (name) => lines.get(name);
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
  const draft: ConfigDraft = { ...base };
  const lines = logicalLines(changes.join('\n'));
  if (lines.length === 0) throw bad('file with no instructions');
  for (const line of lines) {
    const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line)!;
    // SHELL is no change that docker knows.
    const change = name.toLowerCase() === 'shell' ? undefined : configChange(name, rest);
    if (!change) throw bad(`${name.toLowerCase()} is not a valid change command`);
    const before = variablesOf(draft);
    change(draft, (text) => expand(text, before));
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
