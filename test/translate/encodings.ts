// Machine code that covers every opcode: with many prefixes, all forms of modrm, and bytes that are the same in every run.

const prefixes: number[][] = [
  [], [0x66], [0xf3], [0xf2], [0x48], [0x41], [0x44], [0x4f], [0x40], [0x66, 0x48], [0xf3, 0x48], [0xf2, 0x48], [0x66, 0xf2], [0xf2, 0x66], [0x66, 0xf3], [0xf3, 0xf2], [0x67], [0x67, 0x48], [0x64],
  [0x65, 0x48], [0xf0], [0xf0, 0x48], [0x66, 0xf0], [0x2e], [0x64, 0x3e], [0x48, 0x66], [0x66, 0x41], [0xf3, 0x41], [0xf3, 0x66, 0x48], [0x67, 0x64, 0x4b],
];

function* random(seed: number): Generator<number, never> {
  let word = seed >>> 0;
  for (;;) { word = Math.imul(word, 1664525) + 1013904223 >>> 0; yield word >>> 16 & 0xff; }
}

/** One instruction (or what is none) each, with bytes to spare behind it. */
export function* everyEncoding(): Generator<Uint8Array> {
  const bytes = random(1);
  for (const map of [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]]) {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (const prefix of prefixes) {
        for (let form = 0; form < 32; form++) {
          yield Uint8Array.from([...prefix, ...map, opcode, (form & 3) << 6 | form >> 2 << 3 | bytes.next().value & 7, ...Array.from({ length: 12 }, () => bytes.next().value)]);
        }
      }
    }
  }
}
