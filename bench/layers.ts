// The table of layers and images: `npm run bench:layers` [-- --reps 3] [--only lookup,transfers,opening,files,blocks]. Figures stand beside their peers' of the same run.
import { ArchiveBench, type Figure, figureHeading, figureRow } from './archives.ts';
import { fileRows } from './files.ts';
import { lookups } from './lookup.ts';
import { option, printTable, scratchFolder } from './timing.ts';

const bench = new ArchiveBench(scratchFolder('.cache'), Number(option('reps') ?? 3));
const only = option('only')?.split(',');

/** The tables of lookups, then what they say. */
async function lookupSection(): Promise<Figure[]> {
  const { tables, figures } = await lookups();
  for (const { title, rows } of tables) {
    console.log(`\n${title}`);
    printTable(rows);
  }
  console.log('');
  return figures;
}

/** What lies below the system call, in a table of its own. */
async function blockSection(): Promise<Figure[]> {
  printTable(await fileRows());
  return [];
}

const sections: Readonly<Record<string, () => Figure[] | Promise<Figure[]>>> = {
  lookup: lookupSection,
  transfers: () => bench.transfers(),
  opening: () => bench.opening(),
  files: () => bench.files(),
  blocks: blockSection,
};

for (const [name, measure] of Object.entries(sections)) {
  if (only && !only.includes(name)) continue;
  console.log(`\n${name}`);
  const figures = await measure();
  if (figures.length > 0) printTable([figureHeading, ...figures.map(figureRow)]);
}
