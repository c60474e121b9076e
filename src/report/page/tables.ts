import { type Html, html } from './html.ts';

export interface Column {
  readonly title: string;
  /** A figure. */
  readonly number?: boolean;
  /** Left out on phones. */
  readonly wide?: boolean;
}

/** A table in a box of its own that scrolls, by keyboard as well, where it is too broad. The first cell heads its row. */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly (string | Html)[])[],
): Html {
  const kind = (index: number): string => {
    const column = columns[index];
    return `${column?.number === true ? 'n' : ''}${column?.wide === true ? ' wide' : ''}`;
  };
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="data">
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title }, i) => html`<th scope="col" class="${kind(i)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, i) =>
        i === 0 ? html`<th scope="row" class="${kind(i)}">${cell}</th>` : html`<td class="${kind(i)}">${cell}</td>`,
      )}</tr>
`,
  )}</tbody></table></div>`;
}

/** A share as a bar; the figure stands beside it. */
export function bar(share: number, kind = ''): Html {
  return html`<div class="bar ${kind}" aria-hidden="true"><i style="width:${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%"></i></div>`;
}

/** Counts as small columns. */
export function sparkColumns(values: readonly number[]): Html {
  const most = Math.max(...values, 1);
  const columns = values.flatMap((value, i) => {
    if (value === 0) return [];
    const height = Math.max(1.5, (value / most) * 24);
    return [
      html`<rect x="${i * 4.5}" y="${(24 - height).toFixed(1)}" width="3.6" height="${height.toFixed(1)}" rx="0.8"/>`,
    ];
  });
  return html`<svg class="spark" viewBox="0 0 ${values.length * 4.5} 24" preserveAspectRatio="none" aria-hidden="true">${columns}</svg>`;
}
