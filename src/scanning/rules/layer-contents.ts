// What one layer says, by itself: kept by its digest and squashed with the other layers of each image that has it.
// Everything here survives JSON. Paths are bytes as latin1 text, below the root; packages' own paths are readable text.
import type { Distribution, OwnedFiles, PackageInstance } from '../../ecosystems/ecosystem.ts'
import type { Digest } from '../../oci/digest.ts'
import type { DatabaseKind } from './package-databases.ts'

export type LayerProblemCode = 'LIMIT_HIT' | 'UNREADABLE'

export interface LayerProblem {
  readonly code: LayerProblemCode
  /** Readable text; '' when the layer as a whole is meant. */
  readonly path: string
  readonly reason: string
}

/** Deletes from lower layers only: one name, or everything in a folder. */
export interface Removal {
  readonly kind: 'whiteout' | 'opaque'
  readonly path: string
}

/** What the layer writes, in its order; only entries that can carry, hide or move packages. */
export type TreeEntry =
  | { readonly kind: 'directory'; readonly path: string }
  /** `file` is an index into `files`; absent when the content says nothing about packages. */
  | { readonly kind: 'file'; readonly path: string; readonly file?: number }
  | {
      readonly kind: 'symlink' | 'hardlink'
      readonly path: string
      /** Symlink: as written. Hardlink: a path below the root. */
      readonly target: string
      /** Ids of the extractors that would read a file at this path. */
      readonly wantedBy: readonly string[]
    }

export interface FileExtraction {
  readonly extractorId: string
  readonly instances: readonly PackageInstance[]
  readonly problems: readonly LayerProblem[]
  /** Files at which packages may be found, of packages that this database lists. */
  readonly owned?: readonly OwnedFiles[]
  /** Chosen by the file's own bytes: the reading counts wherever the file lies. */
  readonly isByContent?: true
}

export interface InventoriedFile {
  readonly path: string
  readonly sizeBytes: number
  /** Each extractor that wanted the path, also one whose reading failed. */
  readonly extractions: readonly FileExtraction[]
  /** Present on a file that names the system, or says more about it, and could be parsed. */
  readonly distribution?: Distribution
  /** Present on a file of a package database, read or not. */
  readonly database?: DatabaseKind
}

/** Where a secret stands and what it looks like; the secret itself is nowhere. */
export interface FoundSecret {
  /** `private-key`, `github-token`, …: docs/scanning.md. */
  readonly kind: string
  /** Readable text. */
  readonly path: string
  /** From 1. */
  readonly line: number
  /** In bytes, from the beginning of the file. */
  readonly offset: number
  /** Tells two secrets of one layer apart, and nothing else: its salt is thrown away. */
  readonly fingerprint: string
}

export interface LayerContents {
  readonly compressedBytes: number
  readonly decompressedBytes: number
  /** Entries of the tar. */
  readonly entries: number
  /** Devices, pipes, sockets and kinds of entry that runtimes do not know. */
  readonly ignoredEntries: number
  readonly removals: readonly Removal[]
  readonly tree: readonly TreeEntry[]
  readonly files: readonly InventoriedFile[]
  /** Also in files that a higher layer removes: whoever pulls the image has them. Absent where there are none, or nobody looked. */
  readonly secrets?: readonly FoundSecret[]
  /** About the layer as a whole and entries that were passed over. */
  readonly problems: readonly LayerProblem[]
  /** What read it: a layer is read again when one of these is no longer the present one. */
  readonly extractors: readonly { readonly id: string; readonly revision: number }[]
}

/** Contents of a layer that was read to its end. */
export interface LayerInventory extends LayerContents {
  /** sha256 of the decompressed bytes. */
  readonly diffId: Digest
}

/** The id by which os-release and the other files that name a system are read, beside the extractors' own. */
export const osReleaseReader = 'os-release'

/** The two places of os-release(5); what else names a system is looked at where neither does. */
export function isOsReleasePath(path: string): boolean {
  return path === 'etc/os-release' || path === 'usr/lib/os-release'
}
