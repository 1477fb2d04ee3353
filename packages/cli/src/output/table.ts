// Aligned columns for people.
import { stripVTControlCharacters } from 'node:util';

/** The last column is not padded. Cells may hold colours; widths count what is seen. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = header.length === 0 ? rows : [header, ...rows];
  const columns = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...all.map((row) => stripVTControlCharacters(row[column] ?? '').length)),
  );
  return all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const padding = column === row.length - 1 ? 0 : width - stripVTControlCharacters(cell).length;
        return cell + ' '.repeat(padding);
      })
      .join('  ')
      .trimEnd(),
  );
}
