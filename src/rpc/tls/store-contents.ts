/** What a key store or trust store holds, in DER. */
export interface StoreContents {
  readonly keys: readonly StoredKey[];
  /** Certificates without a key: in a trust store, those that are trusted. */
  readonly certificates: readonly Buffer[];
}

export interface StoredKey {
  /** A PKCS#8 private key. */
  readonly pkcs8: Buffer;
  /** Its certificate first, then those that signed it. */
  readonly chain: readonly Buffer[];
}

/** The password of a store is wrong (or the store is damaged: the two look alike). */
export class WrongPasswordError extends Error {
  constructor() {
    super('the password is wrong, or the file is damaged');
    this.name = 'WrongPasswordError';
  }
}
