import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { ArchiveError } from '../../lib/archive/archive-error.ts'
import { readPlainTar, type PlainTarEntry } from '../../lib/archive/plain-tar.ts'
import { readAll } from '../../lib/read-all.ts'
import { verifies, type TrustedKey } from '../../lib/public-keys.ts'
import { scanningError } from '../errors.ts'
import { damaged, makePartDirectory, removePartDirectory, type PartDeps } from './part-files.ts'
import {
  bundleLimits,
  bundleNames,
  parseManifest,
  partsOf,
  type BundleManifest,
  type BundlePart,
} from '../rules/bundle-manifest.ts'

export interface OpenedBundle {
  readonly manifest: BundleManifest
  /** Fingerprint of the key whose signature counted; undefined where none was asked for. */
  readonly signedBy: string | undefined
  /** Where its parts lie, each of the size and hash that the manifest states. */
  readonly directory: string
  close(): Promise<void>
}

export interface OpenBundleInput {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly keys: readonly TrustedKey[]
  /** Takes a bundle without a signature, or with one of a key that is not among `keys`. */
  readonly allowUnsigned: boolean
}

/**
 * Takes a bundle in: the manifest's signature is verified before anything else is read, then the parts are written to a
 * directory, held against the manifest as they come. A bundle that is cut, damaged, or holds more or less than its manifest
 * says is refused, with nothing left of it. Memory is bounded by the manifest.
 */
export async function openBundle(
  deps: PartDeps,
  input: OpenBundleInput,
  { signal }: { readonly signal: AbortSignal },
): Promise<OpenedBundle> {
  const directory = await makePartDirectory(deps)
  const close = (): Promise<void> => removePartDirectory(directory)
  const entries = readPlainTar(input.bytes)
  try {
    const read = await readManifest(entries, input)
    let { held } = read
    for (const part of partsOf(read.manifest)) {
      signal.throwIfAborted()
      await writeDown(directory, part, held ?? (await next(entries, part.name)))
      held = undefined
    }
    await expectEnd(entries, held)
    const { manifest, signedBy } = read
    return { manifest, signedBy, directory, close }
  } catch (error) {
    await close()
    throw error instanceof ArchiveError ? unreadable(error.message, error) : error
  } finally {
    await entries.return()
  }
}

interface ReadManifest {
  readonly manifest: BundleManifest
  readonly signedBy: string | undefined
  /** The entry behind the manifest, where that is no signature. */
  readonly held: PlainTarEntry | undefined
}

async function readManifest(
  entries: AsyncGenerator<PlainTarEntry, void>,
  { keys, allowUnsigned }: OpenBundleInput,
): Promise<ReadManifest> {
  const first = await next(entries, bundleNames.manifest)
  const bytes = await whole(first, bundleLimits.maxManifestBytes)
  const step = await entries.next()
  const entry = step.done === true ? undefined : step.value
  const isSigned = entry?.name === bundleNames.signature
  const signature = isSigned ? await whole(entry, bundleLimits.signatureBytes) : undefined
  const trusted = keys.find((key) => signature !== undefined && verifies(key, bytes, signature))
  // Nothing of what the manifest says counts before this line, but what its signature was said to be of.
  if (trusted === undefined) refuseUnlessAllowed({ bytes, signature, keys, allowUnsigned })
  const manifest = manifestOf(bytes)
  const held = isSigned ? undefined : entry
  return { manifest, signedBy: trusted?.fingerprint, held }
}

function refuseUnlessAllowed(given: {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array | undefined
  readonly keys: readonly TrustedKey[]
  readonly allowUnsigned: boolean
}): void {
  const { bytes, signature, keys, allowUnsigned } = given
  if (signature === undefined) {
    if (allowUnsigned) return
    throw scanningError('BUNDLE_UNSIGNED', 'the bundle has no signature')
  }
  const { key } = manifestOf(bytes)
  if (keys.some(({ fingerprint }) => fingerprint === key)) {
    const message = `the signature of the bundle is not that of the key ${key} over its manifest`
    throw scanningError('BUNDLE_SIGNATURE_INVALID', message, { key })
  }
  if (allowUnsigned) return
  throw scanningError('BUNDLE_KEY_UNKNOWN', `the bundle says that the key ${key} signed it`, {
    key,
  })
}

function manifestOf(bytes: Uint8Array): BundleManifest {
  const read = parseManifest(bytes)
  if (read.kind === 'manifest') return read.manifest
  throw read.kind === 'foreign'
    ? scanningError('BUNDLE_TOO_NEW', read.reason)
    : unreadable(read.reason)
}

async function writeDown(directory: string, part: BundlePart, entry: PlainTarEntry): Promise<void> {
  if (entry.name !== part.name) throw unreadable(`${part.name} was to come, not ${shown(entry)}`)
  if (entry.size !== part.bytes) throw damaged(part, `has ${entry.size} bytes, not ${part.bytes}`)
  const hash = createHash('sha256')
  const file = await open(join(directory, part.name), 'wx', 0o600)
  try {
    for await (const piece of entry.bytes) {
      hash.update(piece)
      await file.writeFile(piece)
    }
  } finally {
    await file.close()
  }
  if (hash.digest('hex') !== part.sha256) throw damaged(part, 'is not what was signed')
}

async function next(
  entries: AsyncGenerator<PlainTarEntry, void>,
  name: string,
): Promise<PlainTarEntry> {
  const step = await entries.next()
  if (step.done === true) throw unreadable(`${name} is not in it`)
  if (step.value.name !== name) throw unreadable(`${name} was to come, not ${shown(step.value)}`)
  return step.value
}

async function whole(entry: PlainTarEntry, maxBytes: number): Promise<Buffer> {
  const bytes = entry.size > maxBytes ? undefined : await readAll(entry.bytes, maxBytes)
  if (bytes === undefined) throw unreadable(`its ${entry.name} is larger than ${maxBytes} bytes`)
  return bytes
}

async function expectEnd(
  entries: AsyncGenerator<PlainTarEntry, void>,
  held: PlainTarEntry | undefined,
): Promise<void> {
  const step = held === undefined ? await entries.next() : { done: false, value: held }
  if (step.done === true || step.value === undefined) return
  throw unreadable(`it holds ${shown(step.value)}, which its manifest does not name`)
}

/** A name from a hostile file. */
function shown({ name }: PlainTarEntry): string {
  return JSON.stringify(name.slice(0, 60))
}

function unreadable(reason: string, cause?: unknown): Error {
  return scanningError('BUNDLE_UNREADABLE', `the bundle cannot be read: ${reason}`, {}, { cause })
}
