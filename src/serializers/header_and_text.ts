import { declare } from '../component/declaration.ts';
import type { Serializer } from '../component/serializer.ts';
import type { EventBatch } from '../event/event-batch.ts';
import type { HeaderColumn } from '../event/header-columns.ts';
import { javaHashOrder } from '../event/java-hash-order.ts';
import { Slab } from '../event/slab.ts';
import { bool } from '../options/option.ts';

const LF = 0x0a;
const NOTHING: readonly Buffer[] = [];

/** HEADER_AND_TEXT: `{key=value, key2=value2} body`, the headers as Java prints a HashMap. */
const options = {
  appendNewline: bool({ default: true, doc: 'Whether a line feed follows each body.' }),
};

class HeaderAndTextSerializer implements Serializer {
  readonly #appendNewline: boolean;
  readonly #slab = new Slab();

  constructor(appendNewline: boolean) {
    this.#appendNewline = appendNewline;
  }

  begin(): readonly Buffer[] {
    return NOTHING;
  }

  rows(batch: EventBatch, from: number, to: number): readonly Buffer[] {
    if (to <= from) return NOTHING;
    const headers = headerTexts(batch);
    const { body, starts, ends } = batch;
    const slab = this.#slab;
    for (let row = from; row < to; row++) {
      const text = headers(row);
      const start = starts[row]!;
      const length = ends[row]! - start;
      slab.ensure((typeof text === 'string' ? text.length * 3 : text.length) + length + 1);
      if (typeof text === 'string') slab.at += slab.bytes.write(text, slab.at);
      else slab.at += text.copy(slab.bytes, slab.at);
      slab.at += body.copy(slab.bytes, slab.at, start, start + length);
      if (this.#appendNewline) slab.bytes[slab.at++] = LF;
    }
    return [slab.take()];
  }

  endUnit(): readonly Buffer[] {
    return NOTHING;
  }

  end(): readonly Buffer[] {
    return NOTHING;
  }
}

/** What stands before the body of a row. The same Buffer for every row when all columns are constant. */
function headerTexts(batch: EventBatch): (row: number) => string | Buffer {
  const ordered = inJavaOrder(batch.headers, batch.bornWith);
  if (ordered.every((column) => column.constant !== undefined)) {
    const text = Buffer.from(`{${ordered.map((column) => `${column.name}=${column.constant}`).join(', ')}} `);
    return () => text;
  }
  // The order depends on which headers a row has; rows lack the same ones mostly.
  const orders = new Map<string, readonly HeaderColumn[]>();
  return (row) => {
    let columns = ordered;
    for (const column of ordered) {
      if (column.value(row) !== undefined) continue;
      columns = orderOfPresent(batch, row, orders);
      break;
    }
    let text = '{';
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      text += `${i === 0 ? '' : ', '}${column.name}=${column.value(row)}`;
    }
    return `${text}} `;
  };
}

function orderOfPresent(
  { headers, bornWith }: EventBatch,
  row: number,
  orders: Map<string, readonly HeaderColumn[]>,
): readonly HeaderColumn[] {
  let present = '';
  for (const column of headers) present += column.value(row) === undefined ? '0' : '1';
  let order = orders.get(present);
  if (order === undefined) {
    const born = present.slice(0, bornWith).replaceAll('0', '').length;
    order = inJavaOrder(
      headers.filter((_, i) => present[i] === '1'),
      born,
    );
    orders.set(present, order);
  }
  return order;
}

function inJavaOrder(columns: readonly HeaderColumn[], born: number): readonly HeaderColumn[] {
  return javaHashOrder(
    columns.map((column) => column.name),
    born,
  ).map((i) => columns[i]!);
}

/** `serializer = HEADER_AND_TEXT`. */
export const headerAndText = declare('serializer', {
  type: 'HEADER_AND_TEXT',
  classNames: ['org.apache.flume.serialization.HeaderAndBodyTextEventSerializer'],
  summary: 'Writes the headers of each event in braces, a space, its body and a line feed.',
  options,
  create: (values) => new HeaderAndTextSerializer(values.appendNewline),
});
