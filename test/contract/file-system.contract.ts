import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { FileSystem, OutputFile } from '../../src/component/file-system.ts';
import { SluiceError } from '../../src/errors.ts';

/** What the suite needs to know of a file system. */
export type FileSystemUnderTest = {
  /** The open file system. */
  fileSystem: () => FileSystem;
  /** An empty folder of its own for each test; with `/` and without one at its end. */
  folder: () => string;
  /** How many random sequences, and how many steps each at most. */
  runs: number;
  steps: number;
};

const bytes = (text: string): Buffer => Buffer.from(text);

async function failsWith(code: string, deed: Promise<unknown>): Promise<void> {
  await assert.rejects(deed, (error) => {
    assert.ok(error instanceof SluiceError, `a SluiceError, not ${error}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Bytes that show where they belong: every 8 hold their own offset. */
function pattern(length: number): Buffer {
  const buffer = Buffer.alloc(length + 8);
  for (let at = 0; at < length; at += 8) buffer.writeBigUInt64BE(BigInt(at), at);
  return buffer.subarray(0, length);
}

/** The promises that every file system keeps; call it inside a `describe`. */
export function fileSystemContract(test: FileSystemUnderTest): void {
  const fs = (): FileSystem => test.fileSystem();
  const at = (name: string): string => `${test.folder()}/${name}`;

  async function put(name: string, content: string): Promise<string> {
    const file = await fs().create(at(name));
    await file.write([bytes(content)]);
    await file.close();
    return at(name);
  }

  async function content(path: string): Promise<string> {
    return (await fs().read(path, 0, 1 << 20)).toString();
  }

  it('creates an empty file with the folders above it', async () => {
    const file = await fs().create(at('a/b/c.log'));
    assert.equal(file.path, at('a/b/c.log'));
    assert.equal(file.length, 0);
    assert.equal((await fs().stat(file.path))?.length, 0);
    assert.equal((await fs().stat(at('a/b')))?.directory, true);
    await file.close();
    assert.equal(await content(at('a/b/c.log')), '');
  });

  it('refuses to create over what is there', async () => {
    await put('f', 'precious');
    await failsWith('FILE_EXISTS', fs().create(at('f')));
    await fs().mkdirs(at('d'));
    await failsWith('FILE_EXISTS', fs().create(at('d')));
    assert.equal(await content(at('f')), 'precious');
  });

  it('refuses to create below a file', async () => {
    await put('f', 'x');
    await assert.rejects(fs().create(at('f/g')), SluiceError);
    assert.equal(await content(at('f')), 'x');
  });

  it('keeps the order of writes and counts them in length', async () => {
    const file = await fs().create(at('f'));
    void file.write([bytes('one '), bytes(''), bytes('two ')]);
    void file.write([]);
    await file.write([bytes('three')]);
    assert.equal(file.length, 13);
    assert.equal(await file.flush(), 13);
    assert.equal(await content(at('f')), 'one two three');
    assert.equal((await fs().stat(at('f')))?.length, 13);
    await file.close();
  });

  it('shows length and content after each flush, and says how far it went', async () => {
    const file = await fs().create(at('f'));
    assert.equal(await file.flush(), 0);
    for (const [index, part] of ['aaa', 'bb', 'c'].entries()) {
      await file.write([bytes(part)]);
      const length = await file.flush();
      assert.equal(length, [3, 5, 6][index]);
      assert.equal((await fs().stat(at('f')))?.length, length);
    }
    assert.equal(await file.flush(), 6);
    assert.equal(await content(at('f')), 'aaabbc');
    await file.close();
  });

  it('takes writes while a flush is under way, and a flush promises no later bytes', async () => {
    const file = await fs().create(at('f'));
    const promised: Promise<number>[] = [];
    const lengths: number[] = [];
    for (let round = 0; round < 5; round++) {
      await file.write([bytes(`round ${round}\n`)]);
      lengths.push(file.length);
      promised.push(file.flush());
      await file.write([bytes('and more\n')]);
    }
    assert.deepEqual(await Promise.all(promised), lengths);
    await file.close();
    assert.equal(await content(at('f')), [0, 1, 2, 3, 4].map((n) => `round ${n}\nand more\n`).join(''));
  });

  it('makes durable what is there at close', async () => {
    const file = await fs().create(at('f'));
    await file.write([bytes('last words')]);
    await file.close();
    assert.equal(await content(at('f')), 'last words');
    await file.close();
    await assert.rejects(file.write([bytes('x')]), SluiceError);
  });

  it('appends to what is there', async () => {
    await put('f', 'one\n');
    const file = await fs().append(at('f'));
    assert.equal(file.length, 4);
    await file.write([bytes('two\n')]);
    assert.equal(await file.flush(), 8);
    await file.close();
    assert.equal(await content(at('f')), 'one\ntwo\n');
    await failsWith('FILE_NOT_FOUND', fs().append(at('none')));
    assert.equal(await fs().stat(at('none')), undefined);
    await assert.rejects(fs().append(test.folder()), SluiceError);
  });

  it('cuts a file so that it can be appended to at once', async () => {
    await put('f', '0123456789');
    await fs().truncate(at('f'), 4);
    const file = await fs().append(at('f'));
    assert.equal(file.length, 4);
    await file.write([bytes('x')]);
    await file.close();
    assert.equal(await content(at('f')), '0123x');
    await fs().truncate(at('f'), 5);
    await fs().truncate(at('f'), 0);
    assert.equal((await fs().stat(at('f')))?.length, 0);
    await failsWith('FILE_NOT_FOUND', fs().truncate(at('none'), 0));
  });

  it('never makes a file longer by truncate', async () => {
    await put('f', 'abc');
    await assert.rejects(fs().truncate(at('f'), 4), SluiceError);
    assert.equal(await content(at('f')), 'abc');
  });

  it('knows a file by its id, if it tells one: also by another name, and not another file', async () => {
    await put('known', 'one');
    await put('other', 'two');
    const id = (await fs().stat(at('known')))?.id;
    await fs().rename(at('known'), at('renamed'));
    assert.equal((await fs().stat(at('renamed')))?.id, id);
    if (id !== undefined) assert.notEqual((await fs().stat(at('other')))?.id, id);
  });

  it('renames, and never over what is there', async () => {
    await put('a', 'A');
    await put('b', 'B');
    await failsWith('FILE_EXISTS', fs().rename(at('a'), at('b')));
    assert.equal(await content(at('a')), 'A');
    assert.equal(await content(at('b')), 'B');
    await fs().rename(at('a'), at('c'));
    assert.equal(await fs().stat(at('a')), undefined);
    assert.equal(await content(at('c')), 'A');
    await failsWith('FILE_NOT_FOUND', fs().rename(at('a'), at('d')));
    await failsWith('FILE_NOT_FOUND', fs().rename(at('none'), at('b')));
    await failsWith('FILE_NOT_FOUND', fs().rename(at('b'), at('no/such/folder')));
    await fs().mkdirs(at('d'));
    await failsWith('FILE_EXISTS', fs().rename(at('b'), at('d')));
  });

  it('leaves after abandon what flushes have promised, and nothing more', async () => {
    const file = await fs().create(at('f'));
    await file.write([bytes('promised')]);
    await file.flush();
    await file.write([bytes(' but not this')]);
    await file.abandon();
    await file.abandon();
    assert.equal(await content(at('f')), 'promised');
    await assert.rejects(file.write([bytes('x')]), SluiceError);
    await assert.rejects(file.flush(), SluiceError);

    const again = await fs().append(at('f'));
    await again.write([bytes(' nor this')]);
    await again.abandon();
    assert.equal(await content(at('f')), 'promised');
  });

  it('leaves after abandon no bytes that were written while the last flush was under way', async () => {
    const file = await fs().create(at('f'));
    for (let round = 0; round < 5; round++) {
      await file.write([bytes('promised ')]);
      const flushed = file.flush();
      await file.write([bytes('late ')]);
      await flushed;
    }
    await file.abandon();
    assert.equal(await content(at('f')), `${'promised late '.repeat(4)}promised `);
  });

  it('takes 50 MB in pieces of all sizes', async function () {
    this.timeout(60_000);
    const whole = pattern(50_000_000);
    const file = await fs().create(at('big'));
    let from = 0;
    for (let step = 1; from < whole.length; step++) {
      const to = Math.min(whole.length, from + ((step * 7_654_321) % 3_000_000) + 1);
      const middle = from + ((to - from) >> 3);
      await file.write([whole.subarray(from, middle), whole.subarray(middle, to)]);
      if (step % 12 === 0) void file.flush();
      from = to;
    }
    await file.close();
    const read = createHash('sha256');
    for (let offset = 0; offset < whole.length; offset += 8 << 20) {
      read.update(await fs().read(at('big'), offset, 8 << 20));
    }
    assert.equal(read.digest('hex'), createHash('sha256').update(whole).digest('hex'));
  });

  it('takes thousands of small buffers in one write', async () => {
    const file = await fs().create(at('f'));
    const chunks = Array.from({ length: 5000 }, (_, index) => bytes(`${index}\n`));
    await file.write(chunks);
    await file.close();
    assert.equal(await content(at('f')), Buffer.concat(chunks).toString());
  });

  it('says what lies there', async () => {
    await put('f', 'four');
    const before = Date.now();
    const status = await fs().stat(at('f'));
    assert.equal(status?.name, 'f');
    assert.equal(status?.directory, false);
    assert.equal(status?.length, 4);
    assert.ok(Math.abs((status?.modified ?? 0) - before) < 60_000);
    assert.equal((await fs().stat(test.folder()))?.directory, true);
    assert.equal(await fs().stat(at('none')), undefined);
    assert.equal(await fs().stat(at('f/below-a-file')), undefined);
  });

  it('lists a folder by name', async () => {
    await put('b', '12');
    await put('a', '1');
    await fs().mkdirs(at('c/d'));
    const found = await fs().list(test.folder());
    assert.deepEqual(
      found.map(({ name, directory, length }) => ({ name, directory, length })),
      [
        { name: 'a', directory: false, length: 1 },
        { name: 'b', directory: false, length: 2 },
        { name: 'c', directory: true, length: 0 },
      ],
    );
    assert.deepEqual(await fs().list(at('c/d')), []);
    await failsWith('FILE_NOT_FOUND', fs().list(at('none')));
    await assert.rejects(fs().list(at('a')), SluiceError);
  });

  it('removes files and folders, and says whether there was one', async () => {
    await put('d/e/f', 'x');
    assert.equal(await fs().remove(at('d/e/f')), true);
    assert.equal(await fs().remove(at('d/e/f')), false);
    await put('d/e/g', 'x');
    assert.equal(await fs().remove(at('d')), true);
    assert.equal(await fs().stat(at('d')), undefined);
  });

  it('makes folders, also those that are there', async () => {
    await fs().mkdirs(at('x/y/z'));
    await fs().mkdirs(at('x/y/z'));
    assert.equal((await fs().stat(at('x/y/z')))?.directory, true);
    await put('f', 'x');
    await failsWith('FILE_EXISTS', fs().mkdirs(at('f')));
  });

  it('reads parts, shorter at the end', async () => {
    await put('f', '0123456789');
    assert.equal((await fs().read(at('f'), 3, 4)).toString(), '3456');
    assert.equal((await fs().read(at('f'), 8, 100)).toString(), '89');
    assert.equal((await fs().read(at('f'), 10, 5)).toString(), '');
    assert.equal((await fs().read(at('f'), 99, 5)).toString(), '');
    assert.equal((await fs().read(at('f'), 0, 0)).toString(), '');
    await failsWith('FILE_NOT_FOUND', fs().read(at('none'), 0, 1));
  });

  it('takes names with blanks, signs and any script', async () => {
    for (const name of ['with blank', '50%25', 'a+b=c&d', 'q?r#s;t', '日志', "it's", '[x]{y}', '%41', 'tab\there']) {
      await put(name, name);
      assert.equal(await content(at(name)), name);
      await fs().rename(at(name), at(`${name}.done`));
    }
    const names = (await fs().list(test.folder())).map((status) => status.name);
    assert.equal(names.length, 9);
    assert.ok(names.includes('日志.done') && names.includes('50%25.done') && names.includes('%41.done'));
  });

  it('serves several files at once', async () => {
    const files = await Promise.all([0, 1, 2, 3, 4].map((n) => fs().create(at(`f${n}`))));
    await Promise.all(
      files.map(async (file, n) => {
        for (let round = 0; round < 3; round++) {
          await file.write([bytes(`${n}`.repeat(1000))]);
          await file.flush();
        }
        await file.close();
      }),
    );
    for (const n of [0, 1, 2, 3, 4]) assert.equal(await content(at(`f${n}`)), `${n}`.repeat(3000));
  });

  it('holds what a model of it holds, whatever the order of calls', async function () {
    this.timeout(120_000);
    const step = fc.oneof(
      fc.record({ do: fc.constant('write' as const), size: fc.integer({ min: 0, max: 5000 }) }),
      fc.record({ do: fc.constantFrom('flush' as const, 'reopen' as const, 'abandon' as const), size: fc.constant(0) }),
      fc.record({ do: fc.constant('truncate' as const), size: fc.integer({ min: 0, max: 100 }) }),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: test.steps }), async (steps) => {
        const path = at(`model-${run++}`);
        let file: OutputFile = await fs().create(path);
        let model = Buffer.alloc(0);
        let promised = 0;
        let counter = 0;
        for (const { do: deed, size } of steps) {
          if (deed === 'write') {
            const chunk = Buffer.alloc(size, 33 + (counter++ % 90));
            await file.write([chunk]);
            model = Buffer.concat([model, chunk]);
          } else if (deed === 'flush') {
            promised = await file.flush();
          } else {
            if (deed === 'abandon') {
              await file.abandon();
              model = model.subarray(0, promised);
            } else {
              await file.close();
            }
            if (deed === 'truncate') {
              const length = Math.floor((model.length * size) / 100);
              await fs().truncate(path, length);
              model = model.subarray(0, length);
            }
            file = await fs().append(path);
            promised = model.length;
          }
          assert.equal(file.length, model.length);
        }
        await file.close();
        assert.ok((await fs().read(path, 0, model.length + 1)).equals(model));
      }),
      { numRuns: test.runs },
    );
  });
}
