// Values of metadata, read from their extended JSON. Numbers keep their text, because 1 and 1.0 are different kinds and
// JavaScript rounds integers above 2^53.

export type Value =
  | { kind: 'NULL' }
  | { kind: 'BOOLEAN'; boolean: boolean }
  | { kind: 'STRING' | 'URI' | 'PATH' | 'DTYPE' | 'MARKDOWN' | 'TIMESTAMP'; text: string }
  /** The text of a number; STORAGE_SIZE in bytes, DURATION in seconds. */
  | { kind: 'INTEGER' | 'FLOAT' | 'STORAGE_SIZE' | 'DURATION'; number: string }
  | { kind: 'LIST' | 'TUPLE' | 'SET'; items: Value[] }
  | { kind: 'DICT'; fields: Field[] };

export interface Field {
  key: string;
  value: Value;
}

/** Returns the value of an entry. A NULL has no extended JSON. */
export function parseValue(extendedJson: string | null | undefined): Value {
  if (extendedJson === null || extendedJson === undefined) return { kind: 'NULL' };
  return new Reader(extendedJson).value();
}

const tokens = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/y;

class Reader {
  private position = 0;

  constructor(private readonly text: string) {}

  /** Reads the next value. */
  value(): Value {
    const token = this.next();
    if (token === '{') return this.object();
    if (token === '[') return { kind: 'LIST', items: this.items() };
    if (token.startsWith('"')) return { kind: 'STRING', text: JSON.parse(token) };
    if (token === 'null') return { kind: 'NULL' };
    if (token === 'true' || token === 'false') return { kind: 'BOOLEAN', boolean: token === 'true' };
    return { kind: /[.eE]/.test(token) ? 'FLOAT' : 'INTEGER', number: token };
  }

  private object(): Value {
    const fields = this.fields();
    const [first] = fields;
    if (fields.length === 1 && first.key.startsWith('$')) return markedValue(first.key, first.value);
    return { kind: 'DICT', fields };
  }

  /** Reads the members of an object after its brace. The object of a `$dict` has no marks, whatever its keys are. */
  private fields(): Field[] {
    const fields: Field[] = [];
    for (let token = this.next(); token !== '}'; token = this.next()) {
      if (token === ',') token = this.next();
      const key: string = JSON.parse(token);
      this.next(); // the colon
      fields.push({ key, value: key === '$dict' && fields.length === 0 ? this.dictionary() : this.value() });
    }
    return fields;
  }

  private dictionary(): Value {
    const start = this.position;
    if (this.next() === '{') return { kind: 'DICT', fields: this.fields() };
    this.position = start;
    return this.value();
  }

  private items(): Value[] {
    const items: Value[] = [];
    for (;;) {
      const start = this.position;
      const token = this.next();
      if (token === ']') return items;
      if (token !== ',') this.position = start;
      items.push(this.value());
    }
  }

  private next(): string {
    tokens.lastIndex = this.position;
    const match = tokens.exec(this.text);
    if (!match) throw new SyntaxError(`extended JSON ends early at ${this.position}`);
    this.position = tokens.lastIndex;
    return match[1];
  }
}

/** Returns the value of an object with one mark, such as `{"$uri": …}`. */
function markedValue(mark: string, value: Value): Value {
  const text = value.kind === 'STRING' ? value.text : '';
  const items = value.kind === 'LIST' ? value.items : [];
  const number = 'number' in value ? value.number : text;
  switch (mark) {
    case '$uri':
      return { kind: 'URI', text };
    case '$path':
      return { kind: 'PATH', text };
    case '$dtype':
      return { kind: 'DTYPE', text };
    case '$markdown':
      return { kind: 'MARKDOWN', text };
    case '$timestamp':
      return { kind: 'TIMESTAMP', text };
    case '$float':
      return { kind: 'FLOAT', number };
    case '$storageSize':
      return { kind: 'STORAGE_SIZE', number };
    case '$duration':
      return { kind: 'DURATION', number };
    case '$tuple':
      return { kind: 'TUPLE', items };
    case '$set':
      return { kind: 'SET', items };
    case '$dict':
      return value;
    default:
      return { kind: 'DICT', fields: [{ key: mark, value }] };
  }
}
