// Compares random instruction sequences between this machine's CPU, the interpreter and translated code: npm run fuzz -- --sequences N [--seed S] [--ways interpreter,tiered,none,stores,all] [--stop N]; --from N --sequences 1 runs the sequence that a report names.
import { parseArgs } from 'node:util';
import { hubFile } from '../src/translate/index.ts';
import { fuzz } from './oracle/fuzz.ts';
import { interpreted, tiered, translated } from './oracle/guest.ts';
import { hostCpuMissing } from './oracle/host-cpu.ts';

const { values } = parseArgs({ options: { sequences: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' }, ways: { type: 'string', default: 'interpreter,tiered,none,stores,all' }, stop: { type: 'string', default: '10' }, from: { type: 'string' } } });
const missing = hostCpuMissing();
if (missing) { console.error(`cannot fuzz: ${missing}`); process.exit(1); }

const named = new Map([['interpreter', interpreted], ['tiered', tiered], ...translated.map((way) => [way.level, way] as const)]);
const ways = values.ways.split(',').map((name) => {
  const way = named.get(name);
  if (!way) { console.error(`no way '${name}': ${[...named.keys()].join(', ')}`); process.exit(2); }
  return way;
});

const result = fuzz({ sequences: Number(values.sequences), seed: values.from ? Number(values.from) : Number(values.seed) * 100_000_007 | 0, ways, hub: hubFile(), stop: Number(values.stop), log: (line) => console.log(line) });
console.log(`${result.sequences} sequences, ${result.compared} comparisons, ${result.failures.length} differences`);
process.exit(result.failures.length > 0 ? 1 : 0);
