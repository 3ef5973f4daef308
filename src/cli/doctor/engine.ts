// What runs us: the JavaScript engine, what its WebAssembly can do, the memory and the files it may use.
import { readFileSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { humanSize } from '../columns.ts';
import { type Check, type Finding, note, ok, problem } from './check.ts';

const LEAST_NODE = [20, 11] as const;

const node: Check = {
  name: 'Node.js',
  look() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const text = `${process.version}, V8 ${process.versions.v8}, ${process.platform}/${process.arch}, ${availableParallelism()} processors`;
    const isNewEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
    return [isNewEnough ? ok(text) : problem(text, `install Node.js ${LEAST_NODE.join('.')} or later`)];
  },
};

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** The type () → (), one function of it. */
const oneFunction = [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];

/** Modules that an engine takes when it has the feature (WebAssembly core specification, binary format). */
const features: Readonly<Record<string, readonly number[]>> = {
  'tail calls': [...header, ...oneFunction, 10, 6, 1, 4, 0, 0x12, 0, 0x0b],
  SIMD: [...header, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, 22, 1, 20, 0, 0xfd, 12, ...new Array<number>(16).fill(0), 0x0b],
  'bulk memory': [...header, ...oneFunction, 5, 3, 1, 0, 1, 10, 13, 1, 11, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0, 0x0b],
};

const webAssembly: Check = {
  name: 'WebAssembly',
  look() {
    const missing = Object.keys(features).filter((name) => !WebAssembly.validate(new Uint8Array(features[name]!)));
    return [missing.length === 0 ? ok(Object.keys(features).join(', ')) : problem(`without ${missing.join(', ')}`, 'run a Node.js that has them, without flags that turn them off')];
  },
};

/** A line of /proc/self/limits: the soft limit, Infinity where there is none, undefined where the host does not tell. */
function limit(name: string): number | undefined {
  let text: string;
  try { text = readFileSync('/proc/self/limits', 'latin1'); } catch { return undefined; }
  const soft = new RegExp(`^${name} +(\\S+)`, 'm').exec(text)?.[1];
  return soft === undefined ? undefined : soft === 'unlimited' ? Infinity : Number(soft);
}

/** What the control group of this process may use, in bytes (cgroup v2, else v1). */
function groupLimit(): number | undefined {
  for (const path of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    try {
      const said = Number(readFileSync(path, 'latin1'));
      if (said < totalmem()) return said;
    } catch { /* the next one */ }
  }
  return undefined;
}

/** How many programs of a container are tried at once: each has an address space of its own, for which V8 sets much more aside than is used. */
const SPACES = 8;
const PAGES_4_GIB = 65536;

function addressSpaces(): Finding {
  const limited = limit('Max address space');
  const held: WebAssembly.Memory[] = [];
  try { while (held.length < SPACES) held.push(new WebAssembly.Memory({ initial: 1, maximum: PAGES_4_GIB })); } catch { /* said below */ }
  if (held.length === SPACES) return ok(`address space for ${SPACES} programs at once and more`);
  const text = `address space for ${held.length} programs at once${limited === undefined || limited === Infinity ? '' : `: it is limited to ${humanSize(limited, 3)}`}`;
  const advice = 'raise the limit of virtual memory (ulimit -v unlimited): every program of a container has 10 GB set aside, which are not used';
  return held.length < 4 ? problem(text, advice) : note(text, advice);
}

const LITTLE_MEMORY = 512e6;

const memory: Check = {
  name: 'Memory',
  look() {
    const group = groupLimit();
    const free = Math.min(freemem(), group ?? Infinity);
    const text = `${humanSize(freemem(), 3)} of ${humanSize(totalmem(), 3)} free${group === undefined ? '' : `, of which ${humanSize(group, 3)} may be used (control group)`}`;
    return [free < LITTLE_MEMORY ? note(text, 'a container takes 50 MB and what its programs use') : ok(text), addressSpaces()];
  },
};

const FEW_FILES = 1024;

const files: Check = {
  name: 'Open files',
  look() {
    const most = limit('Max open files');
    if (most === undefined) return [ok('the host does not tell its limit')];
    return [most < FEW_FILES ? note(`${most} at once`, `servers in containers may need more: ulimit -n ${FEW_FILES}`) : ok(`${most === Infinity ? 'any number' : most} at once`)];
  },
};

export const engineChecks: readonly Check[] = [node, webAssembly, memory, files];
