// Columns as Go's tabwriter makes them for docker: a cell that ends in a tab belongs to a column, padded to its widest cell and three blanks, at least ten.

const PADDING = 3;
const LEAST = 10;

const width = (cell: string): number => [...cell].length;

/** How wide the column of a cell is: that of its block, the lines around it that have a cell in this place. */
function columnWidths(lines: readonly (readonly string[])[]): number[][] {
  const widths: number[][] = lines.map(() => []);
  const most = Math.max(0, ...lines.map((cells) => cells.length - 1));
  for (let column = 0; column < most; column++) {
    for (let start = 0; start < lines.length; start++) {
      let end = start;
      while (end < lines.length && lines[end]!.length - 1 > column) end++;
      const widest = Math.max(LEAST, ...lines.slice(start, end).map((cells) => width(cells[column]!) + PADDING));
      for (let line = start; line < end; line++) widths[line]![column] = widest;
      start = end;
    }
  }
  return widths;
}

/** The text with its tabs replaced. What follows the last tab of a line is not padded. */
export function tabulate(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths = columnWidths(lines);
  return lines.map((cells, i) => cells.map((cell, column) => (column === cells.length - 1 ? cell : cell + ' '.repeat(widths[i]![column]! - width(cell)))).join('')).join('\n');
}
