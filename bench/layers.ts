// The table of layers and images: `npm run bench:layers` [-- --reps 3] [--only lookup,transfers,opening,files]. Figures stand beside their peers' of the same run.
import { ArchiveBench, type Figure, figureHeading, figureRow } from './archives.ts';
import { option, printTable, scratchFolder } from './timing.ts';

const bench = new ArchiveBench(scratchFolder('.cache'), Number(option('reps') ?? 3));
const only = option('only')?.split(',');

const sections: Readonly<Record<string, () => Figure[]>> = {
  transfers: () => bench.transfers(),
  opening: () => bench.opening(),
  files: () => bench.files(),
};

for (const [name, measure] of Object.entries(sections)) {
  if (only && !only.includes(name)) continue;
  console.log(`\n${name}`);
  printTable([figureHeading, ...measure().map(figureRow)]);
}
