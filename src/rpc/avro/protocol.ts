import { createHash } from 'node:crypto';

/** The protocol's messages. */
export const APPEND = 'append';
export const APPEND_BATCH = 'appendBatch';

/** `Status`, the answer to both messages: the index is what stands on the wire. */
export const STATUSES = ['OK', 'FAILED', 'UNKNOWN'] as const;
export type Status = (typeof STATUSES)[number];

// Flume's source file has its licence as a comment before the protocol, and Avro's compiler took it for documentation.
// It counts: the hash that both ends compare is that of the text with it.
const DOC = `* Licensed to the Apache Software Foundation (ASF) under one
 * or more contributor license agreements.  See the NOTICE file
 * distributed with this work for additional information
 * regarding copyright ownership.  The ASF licenses this file
 * to you under the Apache License, Version 2.0 (the
 * "License"); you may not use this file except in compliance
 * with the License.  You may obtain a copy of the License at
 *
 * http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing,
 * software distributed under the License is distributed on an
 * "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY
 * KIND, either express or implied.  See the License for the
 * specific language governing permissions and limitations
 * under the License.`;

/** The messages and the types they use: what must agree between two ends. */
const TYPES = [
  { type: 'enum', name: 'Status', symbols: STATUSES },
  {
    type: 'record',
    name: 'AvroFlumeEvent',
    fields: [
      { name: 'headers', type: { type: 'map', values: 'string' } },
      { name: 'body', type: 'bytes' },
    ],
  },
];
const MESSAGES = {
  append: { request: [{ name: 'event', type: 'AvroFlumeEvent' }], response: 'Status' },
  appendBatch: {
    request: [{ name: 'events', type: { type: 'array', items: 'AvroFlumeEvent' } }],
    response: 'Status',
  },
};

/** Flume's protocol, to the byte as Java prints it. */
export const PROTOCOL_TEXT = JSON.stringify({
  protocol: 'AvroSourceProtocol',
  namespace: 'org.apache.flume.source.avro',
  doc: DOC,
  types: TYPES,
  messages: MESSAGES,
});

/** The MD5 of the text: 86aadae2c45474c0fe93ffd0f2350a65. */
export const PROTOCOL_HASH = createHash('md5').update(PROTOCOL_TEXT).digest();

/** A protocol text longer than this is not read. */
const MAX_TEXT = 64 << 10;

/**
 * Whether the protocol that a client sent writes the two messages as Flume's does. Documentation, aliases, Java's string annotations
 * and further messages make no difference on the wire.
 */
export function isCompatible(text: string): boolean {
  if (text.length > MAX_TEXT) return false;
  let theirs: unknown;
  try {
    theirs = JSON.parse(text);
  } catch {
    return false;
  }
  const types = new Map<string, unknown>();
  for (const type of list(field(theirs, 'types'))) {
    const name = field(type, 'name');
    if (typeof name === 'string') types.set(baseName(name), type);
  }
  const event = shape('AvroFlumeEvent', types);
  const items = shape(onlyType(theirs, APPEND_BATCH), types);
  return (
    event === EVENT_SHAPE && shape(onlyType(theirs, APPEND), types) === EVENT_SHAPE && items === `array<${EVENT_SHAPE}>`
  );
}

const EVENT_SHAPE = 'record{headers:map<string>,body:bytes}';

/** The type of the only parameter of a message. */
function onlyType(protocol: unknown, message: string): unknown {
  const parameters = list(field(field(field(protocol, 'messages'), message), 'request'));
  return parameters.length === 1 ? field(parameters[0], 'type') : undefined;
}

/** A schema in short, without what does not show on the wire. */
function shape(schema: unknown, types: ReadonlyMap<string, unknown>, depth = 0): string {
  if (depth > 8) return '?';
  if (typeof schema === 'string') {
    const named = types.get(baseName(schema));
    return named === undefined ? schema : shape(named, types, depth + 1);
  }
  const kind = field(schema, 'type');
  if (kind === 'map') return `map<${shape(field(schema, 'values'), types, depth + 1)}>`;
  if (kind === 'array') return `array<${shape(field(schema, 'items'), types, depth + 1)}>`;
  if (kind === 'record') {
    const fields = list(field(schema, 'fields'));
    return `record{${fields.map((one) => `${String(field(one, 'name'))}:${shape(field(one, 'type'), types, depth + 1)}`).join(',')}}`;
  }
  return kind === undefined ? '?' : shape(kind, types, depth + 1);
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
