import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { exitCodes, Failure } from '../failure.ts'
import { fetchManifests, withPulls } from '../fetch-manifests.ts'
import type { Session } from '../session.ts'

/** More would be no image of anybody's. */
const mostManifests = 1000

/** All manifests below an index, each once; none below what is no index. */
export async function childrenOf(
  session: Session,
  top: { readonly repository: string; readonly digest: Digest },
): Promise<readonly Digest[]> {
  const found = new Set<Digest>()
  const open = [top.digest]
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    for (const child of await listedBy(session, top.repository, digest)) {
      if (child === top.digest || found.has(child)) continue
      if (found.size === mostManifests)
        throw new Failure(exitCodes.error, `more than ${mostManifests} manifests are below it`)
      found.add(child)
      open.push(child)
    }
  }
  return [...found]
}

async function listedBy(
  session: Session,
  repositoryName: string,
  digest: Digest,
): Promise<readonly Digest[]> {
  const [image] = await fetchManifests(withPulls(session, true), {
    repositoryName,
    digests: [digest],
  })
  const { imageManifest, imageManifestMediaType } = image ?? {}
  if (imageManifest === undefined)
    throw new Failure(exitCodes.notFound, `${repositoryName}@${digest} does not exist`)
  const parsed = parseManifest(Buffer.from(imageManifest), imageManifestMediaType)
  if (parsed.kind !== 'parsed' || parsed.manifest.kind !== 'index') return []
  return parsed.manifest.manifests.flatMap((child) => parseDigest(child.digest) ?? [])
}
