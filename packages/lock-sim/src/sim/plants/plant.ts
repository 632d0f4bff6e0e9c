/** What a planted bug is. */

export interface Edit {
  /** Source file, by its path from the repository's root. */
  readonly file: string;
  /**
   * Stands there exactly once; blanks match any blanks. The compiled module must hold it too, so there are no types in
   * it, nor in `put`, and nothing that a compiler writes otherwise.
   */
  readonly find: string;
  readonly put: string;
}

export interface Plant {
  readonly id: string;
  /** What a lock, an authority or a phone with this bug does. */
  readonly fault: string;
  readonly edits: readonly Edit[];
  /** The property that must fail: any other failure, and a crash, does not count. */
  readonly finder: string;
}
