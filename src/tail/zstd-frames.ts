const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const FCS_SIZES = [0, 2, 4, 8];
const DICTIONARY_SIZES = [0, 1, 2, 4];

/**
 * Finds where the frames of a zstd stream end, from the headers alone. Node's decompressor stops at the end of a frame and drops what stands behind it
 * in the same write, so a write must not go past one.
 */
export class ZstdFrames {
  /** Bytes of the part at hand that are still to come, and what comes behind it. */
  #left = 4;
  #next: (bytes: Buffer) => void = (bytes) => this.#magic(bytes);
  /** Gathers a header; unused for contents. */
  #header: Buffer | undefined = Buffer.alloc(4);
  #hasChecksum = false;
  #isAtBorder = true;
  #isWrong = false;

  /** Whether what was taken ends with a frame. */
  get isAtBorder(): boolean {
    return this.#isAtBorder;
  }

  /** What stands here is no frame: the decompressor will say so. */
  get isWrong(): boolean {
    return this.#isWrong;
  }

  /** Takes bytes. @returns how many of them belong to the frame at hand */
  take(bytes: Buffer): number {
    if (this.#isWrong) return bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const size = Math.min(this.#left, bytes.length - at);
      const header = this.#header;
      if (header !== undefined) bytes.copy(header, header.length - this.#left, at, at + size);
      this.#left -= size;
      at += size;
      this.#isAtBorder = false;
      while (this.#left === 0 && !this.#isAtBorder) this.#next(this.#header ?? bytes);
      if (this.#isWrong) return bytes.length;
      if (this.#isAtBorder) break;
    }
    return at;
  }

  #expect(size: number, next: (bytes: Buffer) => void): void {
    this.#left = size;
    this.#header = Buffer.alloc(size);
    this.#next = next;
  }

  #pass(size: number, next: () => void): void {
    this.#left = size;
    this.#header = undefined;
    this.#next = next;
  }

  #magic(bytes: Buffer): void {
    const magic = bytes.readUInt32LE(0);
    if (magic === MAGIC) this.#expect(1, (header) => this.#descriptor(header[0]!));
    else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      this.#expect(4, (size) => this.#pass(size.readUInt32LE(0), () => this.#border()));
    } else {
      this.#isWrong = true;
      this.#left = Number.POSITIVE_INFINITY;
    }
  }

  #descriptor(flags: number): void {
    const isSingle = (flags & 0x20) !== 0;
    const contentSize = flags >> 6 === 0 && isSingle ? 1 : FCS_SIZES[flags >> 6]!;
    this.#hasChecksum = (flags & 4) !== 0;
    this.#pass((isSingle ? 0 : 1) + DICTIONARY_SIZES[flags & 3]! + contentSize, () => this.#block());
  }

  #block(): void {
    this.#expect(3, (header) => {
      const flags = header.readUIntLE(0, 3);
      const isRepeated = ((flags >> 1) & 3) === 1;
      const isLast = (flags & 1) === 1;
      this.#pass(isRepeated ? 1 : flags >> 3, () => {
        if (!isLast) this.#block();
        else if (this.#hasChecksum) this.#pass(4, () => this.#border());
        else this.#border();
      });
    });
  }

  #border(): void {
    this.#isAtBorder = true;
    this.#expect(4, (bytes) => this.#magic(bytes));
  }
}
