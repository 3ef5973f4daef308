// Runs one program of the test image in a machine of its own and collects what it writes.
import { existsSync, readFileSync } from 'node:fs';
import { createContainer, Images } from '../../src/engine/index.ts';
import { nodeHost } from '../../src/host/node/host.ts';
import { nodeCodecs, nodeFolder } from '../../src/host/node/store.ts';
import { createCpu, type TranslatorOptions } from '../../src/translate/index.ts';
import { inMemory } from '../oci/archives.ts';

export interface Result { readonly code: number; readonly stdout: string; readonly stderr: string }

export const archive = '.cache/images/debian.tar';

const hubFile = 'dist/node/hub.wasm';
const host = nodeHost();

/** The Debian image in a store under .cache, loaded once per archive. */
export async function debianImages(): Promise<Images> {
  const images = new Images(nodeFolder('.cache/test-store'), nodeCodecs, inMemory);
  const source = async function* (): AsyncGenerator<Uint8Array> { yield readFileSync(archive); };
  await images.store.load(source(), archive);
  return images;
}

/** A function that runs programs on one processor with these options, so that translations serve all of them. */
export function runner(images: Images, name: string, options: Partial<TranslatorOptions> = {}): (argv: readonly string[], stdin?: string) => Promise<Result> {
  const cpu = createCpu({ options, ...(existsSync(hubFile) ? { hub: readFileSync(hubFile) } : {}) });
  const image = images.store.resolve(name)!;
  return async (argv, stdin = '') => {
    const text = { stdout: '', stderr: '' };
    const collect = (stream: 'stdout' | 'stderr') => { const decoder = new TextDecoder(); return (bytes: Uint8Array): void => { text[stream] += decoder.decode(bytes, { stream: true }); }; };
    const streams = {
      stdout: collect('stdout'), stderr: collect('stderr'),
      stdin: (consumer: (bytes: Uint8Array | null) => void) => { if (stdin !== '') consumer(new TextEncoder().encode(stdin)); consumer(null); },
    };
    const { machine } = createContainer({ images, host, cpu, io: { streams } }, image, { command: argv, entrypoint: '', env: [], tty: false, callerEnv: {}, hostname: 'wherry' });
    const exit = await machine.run();
    return { code: 'code' in exit ? exit.code : 128 + exit.signal, ...text };
  };
}
