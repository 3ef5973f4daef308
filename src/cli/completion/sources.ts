// Where the words come from that only the store knows: containers, images; and the words that flags take.
import { familiarName, parseReference } from '../../oci/index.ts';
import { mountsOf } from '../container-mounts.ts';
import { openEngine, openImages } from '../setup.ts';
import type { Terminal } from '../verb.ts';

/** A word that may stand next, and what it is. */
export interface Suggestion { readonly word: string; readonly about?: string }

type Source = (terminal: Terminal, verb: string) => Suggestion[];

/** Verbs that only work on containers in one state. */
const wanted: Readonly<Record<string, (status: string) => boolean>> = {
  start: (status) => status !== 'running', unpause: (status) => status === 'paused',
  ...Object.fromEntries(['attach', 'exec', 'kill', 'pause', 'port', 'stats', 'stop', 'top'].map((verb) => [verb, (status: string) => status === 'running'])),
};

function containers(terminal: Terminal, verb: string): Suggestion[] {
  const fits = wanted[verb.split(' ').at(-1)!] ?? (() => true);
  return openEngine(terminal).containers.list().filter(({ State }) => fits(State.Status)).map(({ Name, Config, State }) => ({ word: Name, about: `${Config.Image} (${State.Status})` }));
}

function images(terminal: Terminal): Suggestion[] {
  return openImages(terminal).store.images().flatMap(({ names, id }) => names.map((name) => ({ word: familiarName(parseReference(name)), about: id.slice(7, 19) })));
}

const volumes: Source = (terminal) => mountsOf(openEngine(terminal)).volumes.list().map(({ Name }) => ({ word: Name, about: 'volume' }));
const networks: Source = (terminal) => openEngine(terminal).containers.networks.list().map(({ Name, Driver }) => ({ word: Name, about: `network (${Driver})` }));

const fixed = (...words: string[]): Source => () => words.map((word) => ({ word }));

/** What words of usage lines and arguments of flags stand for. */
export const sources = {
  containers, images, volumes, networks, platforms: fixed('linux/amd64'), pulls: fixed('always', 'missing', 'never'), restarts: fixed('no', 'always', 'on-failure', 'unless-stopped'), formats: fixed('json', 'table'),
  signals: fixed('SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGSTOP', 'SIGCONT'), shells: fixed('bash', 'zsh', 'fish'), objects: fixed('container', 'image', 'volume', 'network'),
} as const satisfies Readonly<Record<string, Source>>;

export type SourceName = keyof typeof sources;
