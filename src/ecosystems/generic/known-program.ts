// What is known of a program or library that people copy into images without a package manager.
// Patterns are linear: no repetition of a repetition. A version that stands unmarked among other texts is read only where it is
// the only text of its form in the file.

export interface Mark {
  /** Bytes that stand near the version; only what is around them is looked at. Without it the whole file is. */
  readonly near?: string
  /** The version is the first group. */
  readonly pattern: RegExp
  /** Read only where every match in the file is the same version. */
  readonly isUnmarked?: true
}

export interface KnownProgram {
  readonly name: string
  /** Of the file's name, without its folders. */
  readonly file: RegExp
  /** In the order in which they are tried. */
  readonly marks: readonly Mark[]
}

/** A text of its own, behind a byte of no text: how Go's linker and C compilers lay down a constant. */
export const aloneThree = /[^ -~]v?([0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4})\0/g

/** With what Go projects append to a pre-release. */
export const aloneGo =
  /[^ -~](?:release-)?v?([0-9]{1,3}\.[0-9]{1,4}\.[0-9]{1,4}(?:-(?:alpha|beta|rc|preview|test|security)[.-]?[0-9]{0,3})?)\0/g
