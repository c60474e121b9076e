/** What is hashed, in order, and beside each text a word that says where it came from. */
export class Inputs {
  readonly texts: string[] = [];
  readonly origins: string[] = [];

  add(text: string, origin: string): void {
    this.texts.push(text);
    this.origins.push(origin);
  }

  append(other: Inputs): void {
    for (let i = 0; i < other.texts.length; i++) this.add(other.texts[i]!, other.origins[i]!);
  }

  get empty(): boolean {
    return this.texts.length === 0;
  }
}
