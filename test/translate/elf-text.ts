// The executable sections of an ELF file of the host, for sweeps over real code.
import { readFileSync } from 'node:fs';

/** Every SHF_EXECINSTR section with its address. */
export function textSections(path: string): { address: number; code: Uint8Array }[] {
  const bytes = new Uint8Array(readFileSync(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const table = Number(view.getBigUint64(0x28, true));
  const size = view.getUint16(0x3a, true);
  return Array.from({ length: view.getUint16(0x3c, true) }, (_, i) => table + i * size)
    .filter((at) => view.getUint32(at + 4, true) === 1 && view.getBigUint64(at + 8, true) & 4n)
    .map((at) => {
      const offset = Number(view.getBigUint64(at + 24, true));
      return { address: Number(view.getBigUint64(at + 16, true)), code: bytes.slice(offset, offset + Number(view.getBigUint64(at + 32, true))) };
    });
}
