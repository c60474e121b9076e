import { fitted, type Style, widthOf } from './text.ts';

export interface Column {
  readonly title: string;
  /** Figures stand at the right. */
  readonly align?: 'left' | 'right';
  /** Gives way where the terminal is narrow: the text of its cells is cut. */
  readonly gives?: boolean;
  readonly paint?: (style: Style) => (text: string) => string;
}

const GAP = '  ';
const LEAST = 8;

/** Lines of a table that fits into `width` columns, as far as its columns that give way allow it. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  style: Style,
): string[] {
  const widths = columns.map(({ title }, i) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[i] ?? ''))));
  const giving = columns.flatMap(({ gives }, i) => (gives === true ? [i] : []));
  let over = sum(widths) + GAP.length * columns.length - width;
  while (over > 0) {
    const widest = giving.reduce((a, b) => (widths[b]! > widths[a]! ? b : a), giving[0] ?? -1);
    if (widest < 0 || widths[widest]! <= LEAST) break;
    widths[widest]!--;
    over--;
  }
  const line = (cells: readonly string[], painted: boolean): string => {
    const parts = columns.map(({ align, paint }, i) => {
      const text = fitted(cells[i] ?? '', widths[i]!);
      const blank = ' '.repeat(widths[i]! - widthOf(text));
      const shown = painted && paint !== undefined ? paint(style)(text) : text;
      return align === 'right' ? blank + shown : shown + blank;
    });
    return `${GAP}${parts.join(GAP).trimEnd()}`;
  };
  const titles = columns.map(({ title }) => title);
  return [style.faint(line(titles, false)), ...rows.map((row) => line(row, true))];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
