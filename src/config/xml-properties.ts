/** `<property>` of a Hadoop configuration file. */
export interface XmlProperty {
  readonly name: string;
  readonly value: string;
  readonly final: boolean;
}

/** What is wrong with a file, and the line. */
export class XmlError extends Error {
  readonly line: number;

  constructor(message: string, text: string, offset: number) {
    super(message);
    this.line = text.slice(0, offset).split('\n').length;
  }
}

/** Comment, CDATA, declaration or processing instruction, tag, text. */
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<!DOCTYPE[^>[]*>|<(\/?)([A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const MAX_DEPTH = 16;
const MAX_PROPERTIES = 100_000;

/**
 * Reads the one shape that Hadoop's files have: `<configuration>` of `<property>` of `<name>`, `<value>`, `<final>`, also as attributes.
 * Other elements are passed over. No entities but the five of XML and numbers; a document type with declarations is refused.
 *
 * @returns the properties, and whether there is an `<xi:include>`, which is not followed
 * @throws XmlError
 */
export function readXmlProperties(text: string): { properties: XmlProperty[]; includes: boolean } {
  const properties: XmlProperty[] = [];
  const open: string[] = [];
  let includes = false;
  let begun = false;
  let fields: Record<string, string> = {};
  let content = '';
  const endElement = (name: string): void => {
    const field = name.toLowerCase();
    if (open.at(-2) === 'property') fields[field] = content.trim();
    if (field === 'property' && fields['name']) {
      if (properties.length >= MAX_PROPERTIES) throw new XmlError('too many properties', text, TOKEN.lastIndex);
      if (fields['value'] !== undefined) {
        properties.push({ name: fields['name'], value: fields['value'], final: fields['final'] === 'true' });
      }
    }
    open.pop();
    content = '';
  };
  TOKEN.lastIndex = 0;
  let position = text.startsWith('\ufeff') ? 1 : 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (match === null) throw new XmlError('this is no XML that Hadoop would read', text, position);
    const [, cdata, slash, name, attributes = '', empty, plain] = match;
    if (cdata !== undefined) content += cdata;
    else if (plain !== undefined) content += decodeEntities(plain, text, position);
    else if (name !== undefined && slash === '/') {
      if (open.at(-1) !== name) {
        throw new XmlError(
          `</${name}> where ${open.length ? `</${open.at(-1)}>` : 'nothing'} is to be closed`,
          text,
          position,
        );
      }
      endElement(name);
    } else if (name !== undefined) {
      if (open.length === 0 && name !== 'configuration') {
        throw new XmlError(`<${name}> where <configuration> begins the file`, text, position);
      }
      if (open.length >= MAX_DEPTH) throw new XmlError('elements are nested too deep', text, position);
      open.push(name);
      begun = true;
      content = '';
      if (/(^|:)include$/.test(name)) includes = true;
      if (name === 'property') fields = readAttributes(attributes, text, position);
      if (empty === '/') endElement(name);
    }
    position = TOKEN.lastIndex;
  }
  if (open.length > 0) throw new XmlError(`<${open.at(-1)}> is not closed`, text, text.length);
  if (!begun) throw new XmlError('there is no <configuration>', text, text.length);
  return { properties, includes };
}

function readAttributes(attributes: string, text: string, offset: number): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', quoted = ''] of attributes.matchAll(/([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')/g)) {
    found[name] = decodeEntities(quoted.slice(1, -1), text, offset).trim();
  }
  return found;
}

function decodeEntities(raw: string, text: string, offset: number): string {
  const known: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return raw.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g,
    (entity, hex?: string, decimal?: string, name?: string) => {
      const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
      const value = name !== undefined ? known[name] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
      if (value === undefined) throw new XmlError(`the entity ${entity} is not known`, text, offset);
      return value;
    },
  );
}
