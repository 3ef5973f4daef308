// A manifest, or an index of manifests, as the registry has it.
import { familiarName, fullName, parseReference } from '../oci/index.ts';
import { RegistryError, remoteManifest } from '../oci/registry/index.ts';
import { nodeCodecs } from '../host/node/store.ts';
import type { Parsed } from './flags.ts';
import { demandName, InputError } from './input.ts';
import { openRegistry } from './registries.ts';
import type { Terminal } from './verb.ts';

/** `wherry manifest inspect`. Throws InputError. */
export async function showRemoteManifest(parsed: Parsed, terminal: Terminal): Promise<number> {
  const reference = parseReference(fullName(demandName(parsed.words[0]!)));
  const registry = openRegistry(reference.domain, terminal, parsed.bool('insecure') ? { insecure: true } : {});
  try {
    const { bytes } = await remoteManifest(registry, reference.path, reference.digest ?? reference.tag!, nodeCodecs);
    terminal.out(`${JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, '\t')}\n`);
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'not-found') throw new InputError(`no such manifest: ${familiarName(reference)}`);
    throw error instanceof RegistryError ? new InputError(error.message) : error;
  }
  return 0;
}
