// Makes small ELF files for tests.

export interface Segment { type?: number; flags: number; vaddr: number; bytes?: Uint8Array; memorySize?: number }

/** An ELF64 executable: segments page-aligned in the file at their address's offset. */
export function elf(segments: readonly Segment[], entry: number, change: { type?: number; machine?: number; elfClass?: number } = {}): Uint8Array {
  const placed: { segment: Segment; offset: number }[] = [];
  let end = 0x1000;
  for (const segment of segments) {
    const offset = end + segment.vaddr % 0x1000;
    placed.push({ segment, offset });
    end = Math.ceil((offset + (segment.bytes?.length ?? 0)) / 0x1000) * 0x1000;
  }
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, change.elfClass ?? 2, 1, 1]);
  view.setUint16(16, change.type ?? 2, true);
  view.setUint16(18, change.machine ?? 62, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, placed.length, true);
  placed.forEach(({ segment, offset }, i) => {
    const at = 64 + 56 * i;
    view.setUint32(at, segment.type ?? 1, true);
    view.setUint32(at + 4, segment.flags, true);
    [offset, segment.vaddr, segment.vaddr, segment.bytes?.length ?? 0, segment.memorySize ?? segment.bytes?.length ?? 0, 0x1000].forEach((n, w) => { view.setBigUint64(at + 8 + 8 * w, BigInt(n), true); });
    file.set(segment.bytes ?? [], offset);
  });
  return file;
}
