// Instructions as commands with checked words and flags: a row for each name.
import { type ConfigChange, configChange, ImageError, jsonList, splitWords } from '../oci/index.ts';
import { BuildError, syntaxError } from './errors.ts';
import { type Flagged, type FlagTable, takeFlags } from './flags.ts';
import { type Heredoc, heredocOf } from './heredoc.ts';
import type { Instruction } from './parser.ts';
import { type RunMount, runMount } from './run-mount.ts';

interface Common {
  /** Of the Dockerfile; 0 for what is in none (a trigger, --label). */
  readonly line: number;
  /** As progress shows it. */
  readonly text: string;
}

export interface FromCommand extends Common { readonly kind: 'from'; readonly base: string; readonly name: string | undefined; readonly platform: string | undefined }
export interface ArgCommand extends Common { readonly kind: 'arg'; readonly args: readonly { readonly key: string; readonly value: string | undefined }[] }
/** Whatever changes only the configuration; `workdir` also makes a directory. */
export interface ConfigCommand extends Common { readonly kind: 'config'; readonly name: string; readonly change: ConfigChange }
export interface MaintainerCommand extends Common { readonly kind: 'maintainer'; readonly author: string }
export interface RunCommand extends Common {
  readonly kind: 'run';
  /** A list of words, or one line for the shell. */
  readonly words: readonly string[] | string;
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly RunMount[];
  readonly network: string | undefined;
}
export interface CopyCommand extends Common {
  readonly kind: 'copy';
  readonly verb: 'ADD' | 'COPY';
  /** The last one is the destination. */
  readonly paths: readonly string[];
  readonly heredocs: readonly Heredoc[];
  readonly from: string | undefined;
  readonly chown: string | undefined;
  readonly chmod: string | undefined;
  readonly checksum: string | undefined;
  readonly exclude: readonly string[];
  readonly parents: boolean;
  /** Whether ADD unpacks archives; absent: those of the context. */
  readonly unpack: boolean | undefined;
}
export type Command = ArgCommand | ConfigCommand | MaintainerCommand | RunCommand | CopyCommand;

interface Said extends Flagged { readonly instruction: Instruction; readonly escape: string }

const one = ({ flags }: Flagged, name: string): string | undefined => flags.get(name)?.at(-1);
const common = ({ instruction: { line, text } }: Said): Common => ({ line, text });

/** KEY or KEY=VALUE words. */
function arg(said: Said): ArgCommand {
  const words = splitWords(said.rest, said.escape);
  if (words.length === 0) throw syntaxError(said.instruction.line, 'ARG requires at least one argument');
  const args = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === 0) throw syntaxError(said.instruction.line, 'ARG names can not be blank');
    return equals < 0 ? { key: word, value: undefined } : { key: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { ...common(said), kind: 'arg', args };
}

function maintainer(said: Said): MaintainerCommand {
  if (said.rest === '') throw syntaxError(said.instruction.line, 'MAINTAINER requires exactly one argument');
  return { ...common(said), kind: 'maintainer', author: said.rest };
}

function run(said: Said): RunCommand {
  const { line, heredocs } = said.instruction;
  if (said.rest === '') throw syntaxError(line, 'RUN requires at least one argument');
  if (one(said, 'security') !== undefined && one(said, 'security') !== 'sandbox') throw syntaxError(line, `security "${one(said, 'security')}" is not supported: commands run without privileges of the host`);
  const network = one(said, 'network');
  if (network !== undefined && !['none', 'default', 'host'].includes(network)) throw syntaxError(line, `invalid network mode "${network}"`);
  return { ...common(said), kind: 'run', words: jsonList(said.rest) ?? said.rest, heredocs, network, mounts: (said.flags.get('mount') ?? []).map((text) => runMount(text, line)) };
}

const copy = (verb: 'ADD' | 'COPY') => (said: Said): CopyCommand => {
  const { line, heredocs } = said.instruction;
  const paths = jsonList(said.rest) ?? (said.rest === '' ? [] : said.rest.split(/\s+/));
  if (paths.length === 0) throw syntaxError(line, `${verb} requires at least two arguments, but none were provided. Destination could not be determined`);
  if (paths.length === 1) throw syntaxError(line, `${verb} requires at least two arguments, but only one was provided. Destination could not be determined`);
  if (heredocOf(paths.at(-1)!)) throw syntaxError(line, `${verb} cannot accept a heredoc as a destination`);
  return {
    ...common(said), kind: 'copy', verb, paths, heredocs, from: one(said, 'from'), chown: one(said, 'chown'), chmod: one(said, 'chmod'), checksum: one(said, 'checksum'), exclude: said.flags.get('exclude') ?? [],
    parents: one(said, 'parents') === 'true', unpack: said.flags.has('unpack') ? one(said, 'unpack') === 'true' : undefined,
  };
};

interface Row { readonly flags?: FlagTable; parse(said: Said): Command }

const copyFlags: FlagTable = { chown: 'text', chmod: 'text', link: 'bool', exclude: 'list' };
const rows: Readonly<Record<string, Row>> = {
  ARG: { parse: arg },
  MAINTAINER: { parse: maintainer },
  RUN: { flags: { mount: 'list', network: 'text', security: 'text' }, parse: run },
  COPY: { flags: { ...copyFlags, from: 'text', parents: 'bool' }, parse: copy('COPY') },
  ADD: { flags: { ...copyFlags, checksum: 'text', 'keep-git-dir': 'bool', unpack: 'bool' }, parse: copy('ADD') },
};

function config(instruction: Instruction, escape: string): ConfigCommand {
  const { line, name, rest, text } = instruction;
  // Flags of HEALTHCHECK are read with it; no other has one.
  const plain = name === 'HEALTHCHECK' || name === 'ONBUILD' ? rest : takeFlags(rest, {}, { line, escape }).rest;
  const change = configChange(name, plain, escape);
  if (!change) throw syntaxError(line, `unknown instruction: ${name}`);
  return { line, text, kind: 'config', name, change };
}

/** An instruction that is no FROM. Throws BuildError 'SYNTAX'. */
export function commandOf(instruction: Instruction, escape: string): Command {
  const { line, name, rest } = instruction;
  try {
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
    return row ? row.parse({ instruction, escape, ...takeFlags(rest, row.flags ?? {}, { line, escape }) }) : config(instruction, escape);
  } catch (error) {
    throw error instanceof ImageError ? wrongForm(line, error.message) : error;
  }
}

/** Docker's parser says of some mistakes only what they are. */
const wrongForm = (line: number, message: string): BuildError =>
  (/^Syntax error - |must have two arguments$|JSON array syntax/.test(message) ? new BuildError('SYNTAX', `failed to parse Dockerfile: ${message}`) : syntaxError(line, message));

const stageName = /^[a-z][a-z0-9-_.]*$/;

/** FROM BASE [AS NAME]. Throws BuildError 'SYNTAX'. */
export function fromCommand({ line, rest: all, text }: Instruction, escape: string): FromCommand {
  const { flags, rest } = takeFlags(all, { platform: 'text' }, { line, escape });
  const words = rest === '' ? [] : rest.split(/\s+/);
  if (words.length !== 1 && !(words.length === 3 && words[1]!.toLowerCase() === 'as')) throw syntaxError(line, 'FROM requires either one or three arguments');
  const name = words[2]?.toLowerCase();
  if (name !== undefined && !stageName.test(name)) throw syntaxError(line, `invalid name for build stage: "${words[2]}", name can't start with a number or contain symbols`);
  return { kind: 'from', line, text, base: words[0]!, name, platform: flags.get('platform')?.at(-1) };
}

