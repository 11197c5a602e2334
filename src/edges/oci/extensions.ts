// Purpose:  say which endpoints there are beside those of the distribution specification.
// Spec:     OCI distribution-spec extensions/_oci.md.
// Input:    a request whose repository, if it names one, is parsed and allowed.
// Deviates: `_catalog` is listed although Docker's and no extension, since it is what clients look for.
// Unknowns: none.
import { getRepository } from '../../registry/repository-store.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import type { OciCall, OciReply } from './call.ts'

const discovery = {
  name: '_oci',
  url: 'https://github.com/opencontainers/distribution-spec/blob/main/extensions/_oci.md',
  description: 'Discovery of extensions',
}

const registry = [
  { ...discovery, endpoints: ['/v2/_oci/ext/discover'] },
  {
    name: '_catalog',
    url: 'https://distribution.github.io/distribution/spec/api/#catalog',
    description: 'The repositories that the caller may pull from',
    endpoints: ['/v2/_catalog'],
  },
]

export function registryExtensions(): OciReply {
  return json({ extensions: registry })
}

export async function repositoryExtensions(
  deps: { readonly reader: SqlReader },
  call: OciCall,
): Promise<OciReply> {
  await getRepository(deps.reader, call.repository)
  const endpoints = [`/v2/${call.writtenName}/_oci/ext/discover`]
  return json({ extensions: [{ ...discovery, endpoints }] })
}

function json(value: unknown): OciReply {
  const headers = { 'content-type': 'application/json' }
  return { status: 200, headers, body: JSON.stringify(value) }
}
