// Where each operation of the Signer API is. Paths and methods are the service model's; the longer of two that fit come first.
import type { RestPath, RestPaths } from '../protocol/rest-protocol.ts'

const rows: Readonly<Record<string, RestPath>> = {
  RevokeSigningProfile: { method: 'PUT', path: '/signing-profiles/{profileName}/revoke' },
  AddProfilePermission: { method: 'POST', path: '/signing-profiles/{profileName}/permissions' },
  ListProfilePermissions: {
    method: 'GET',
    path: '/signing-profiles/{profileName}/permissions',
    query: { nextToken: 'text' },
  },
  RemoveProfilePermission: {
    method: 'DELETE',
    path: '/signing-profiles/{profileName}/permissions/{statementId}',
    query: { revisionId: 'text' },
  },
  PutSigningProfile: { method: 'PUT', path: '/signing-profiles/{profileName}' },
  GetSigningProfile: {
    method: 'GET',
    path: '/signing-profiles/{profileName}',
    query: { profileOwner: 'text' },
  },
  CancelSigningProfile: { method: 'DELETE', path: '/signing-profiles/{profileName}' },
  ListSigningProfiles: {
    method: 'GET',
    path: '/signing-profiles',
    query: {
      includeCanceled: 'boolean',
      maxResults: 'integer',
      nextToken: 'text',
      platformId: 'text',
    },
    queryLists: ['statuses'],
  },
  SignPayload: { method: 'POST', path: '/signing-jobs/with-payload' },
  StartSigningJob: { method: 'POST', path: '/signing-jobs' },
  ListSigningJobs: {
    method: 'GET',
    path: '/signing-jobs',
    query: {
      status: 'text',
      platformId: 'text',
      requestedBy: 'text',
      maxResults: 'integer',
      nextToken: 'text',
      isRevoked: 'boolean',
      signatureExpiresBefore: 'text',
      signatureExpiresAfter: 'text',
      jobInvoker: 'text',
    },
  },
  RevokeSignature: { method: 'PUT', path: '/signing-jobs/{jobId}/revoke' },
  DescribeSigningJob: { method: 'GET', path: '/signing-jobs/{jobId}' },
  ListSigningPlatforms: {
    method: 'GET',
    path: '/signing-platforms',
    query: {
      category: 'text',
      partner: 'text',
      target: 'text',
      maxResults: 'integer',
      nextToken: 'text',
    },
  },
  GetSigningPlatform: { method: 'GET', path: '/signing-platforms/{platformId}' },
  GetRevocationStatus: {
    method: 'GET',
    path: '/revocations',
    query: {
      signatureTimestamp: 'text',
      platformId: 'text',
      profileVersionArn: 'text',
      jobArn: 'text',
    },
    queryLists: ['certificateHashes'],
  },
  ListTagsForResource: { method: 'GET', path: '/tags/{resourceArn}' },
  TagResource: { method: 'POST', path: '/tags/{resourceArn}' },
  UntagResource: { method: 'DELETE', path: '/tags/{resourceArn}', queryLists: ['tagKeys'] },
}

export const signerPaths: RestPaths = new Map(Object.entries(rows))
