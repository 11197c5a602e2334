import type { SqlReader } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import { findUpload, type Upload } from './upload-store.ts'

/** An upload is addressed by repository and by who began it: an id alone opens nothing. */
export interface UploadAddress {
  readonly repository: RepositoryAddress
  readonly uploadId: string
  readonly principalId: string
}

/** The open upload, or UPLOAD_UNKNOWN for one that is missing, ended, or somebody else's. */
export async function getOpenUpload(reader: SqlReader, address: UploadAddress): Promise<Upload> {
  const upload = await findUploadAt(reader, address)
  if (upload?.state === 'open') return upload
  throw uploadUnknown(address)
}

export async function findUploadAt(
  reader: SqlReader,
  address: UploadAddress,
): Promise<Upload | undefined> {
  const repository = await getRepository(reader, address.repository)
  return findUpload(reader, {
    id: address.uploadId,
    repositoryId: repository.id,
    principalId: address.principalId,
  })
}

export function uploadUnknown(address: UploadAddress): Error {
  return registryError(
    'UPLOAD_UNKNOWN',
    `upload ${address.uploadId} is not open in repository ${address.repository.name}; start a new one`,
    { uploadId: address.uploadId, repository: address.repository.name },
  )
}
