// Images in archives of OCI layouts, as a benchmark is given them.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

export interface BenchImage {
  readonly name: string
  readonly archive: string
  /** The same, unpacked. */
  readonly directory: string
}

export function unpackArchive(archive: string, scratch: string): BenchImage {
  const name = basename(archive).replace(/\.tar$/, '')
  const directory = join(scratch, name)
  mkdirSync(directory)
  tar('-C', directory, '-xf', archive)
  return { name, archive, directory }
}

function tar(...args: readonly string[]): void {
  const done = spawnSync('tar', args)
  if (done.status !== 0) throw new Error(`tar ${args.join(' ')}: ${done.stderr.toString()}`)
}

interface Described {
  readonly digest: string
  readonly size: number
}

interface Manifest {
  readonly config: Described
  readonly layers: readonly Described[]
}

/** An archive of the image's lowest layer alone; undefined of an image that has only that. */
export async function baseArchiveOf({ directory }: BenchImage): Promise<string | undefined> {
  const blobs = join(directory, 'blobs', 'sha256')
  const read = async <T>({ digest }: Described): Promise<T> =>
    JSON.parse(await readFile(join(blobs, digest.slice(7)), 'utf8')) as T
  const entrance = join(directory, 'index.json')
  const whole = await readFile(entrance, 'utf8')
  const index = JSON.parse(whole) as { readonly manifests: readonly [Described] }
  const manifest = await read<Manifest>(index.manifests[0])
  if (manifest.layers.length < 2) return undefined
  const config = await read<{ readonly rootfs: { readonly diff_ids: readonly string[] } }>(
    manifest.config,
  )
  const write = async (value: object): Promise<Described> => {
    const bytes = Buffer.from(JSON.stringify(value))
    const hex = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(blobs, hex), bytes)
    return { digest: `sha256:${hex}`, size: bytes.length }
  }
  const rootfs = { ...config.rootfs, diff_ids: config.rootfs.diff_ids.slice(0, 1) }
  const baseConfig = { ...manifest.config, ...(await write({ ...config, rootfs })) }
  const layers = manifest.layers.slice(0, 1)
  const described = await write({ ...manifest, config: baseConfig, layers })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifests = [{ mediaType, ...described }]
  const archive = `${directory}-base.tar`
  await writeFile(entrance, JSON.stringify({ schemaVersion: 2, manifests }))
  tar('-C', directory, '-cf', archive, '.')
  await writeFile(entrance, whole)
  return archive
}
