// Spec:     Amazon ECR API Reference, GetDownloadUrlForLayer.
// Deviates: the address leads back to this server and is good for five minutes; a layer of archived images only is LayerInaccessibleException.
import { makeDownloadToken } from '../../../access/download-address.ts'
import { parseDigest } from '../../../oci/digest.ts'
import { isArchivedLayer } from '../../../registry/archival-store.ts'
import { findLinkedBlob } from '../../../registry/linked-blob-store.ts'
import { findLayerMediaType } from '../../../registry/manifest-store.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError } from './errors.ts'

export async function getDownloadUrlForLayer(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly layerDigest: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { database } = deps
  const repository = await getRepository(database, repositoryIn(call, input))
  const { layerDigest } = input
  const digest = parseDigest(layerDigest)
  const blob =
    digest === undefined ? undefined : await findLinkedBlob(database, repository.id, digest)
  if (digest === undefined || blob === undefined) {
    const message = `The layer with digest '${layerDigest}' does not exist in the repository with name '${repository.name}' in the registry with id '${repository.account}'`
    throw ecrError('LayersNotFoundException', message)
  }
  if ((await findLayerMediaType(database, repository.id, digest)) === undefined) {
    const message = `The layer with digest '${layerDigest}' is not referenced by any image in the repository with name '${repository.name}'`
    throw ecrError('LayerInaccessibleException', message)
  }
  if (await isArchivedLayer(database, repository.id, digest)) {
    const message = `The layer with digest '${layerDigest}' belongs to archived images only; restore one of them with UpdateImageStorageClass, or push it again`
    throw ecrError('LayerInaccessibleException', message)
  }
  const grant = { repositoryId: repository.id, digest }
  const token = makeDownloadToken({ key: deps.downloadKey, ids: deps.ids }, grant, deps.clock.now())
  return { downloadUrl: `${deps.url()}/downloads/${token}`, layerDigest }
}
