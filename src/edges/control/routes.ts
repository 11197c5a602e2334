// Pratique's own JSON API, for what neither AWS nor OCI has an operation. A row without an IAM action does not compile.
import type { Readable } from 'node:stream'
import type { AccountId } from '../../policy/account-id.ts'
import type { ChosenFeed, FeedChoice } from '../../feeds/choice.ts'
import { admissionRoutes, type AdmissionRooms } from './admission-routes.ts'
import { advisoryRoutes, type AdvisoryRooms } from './advisory-routes.ts'
import { auditRoutes, type AuditRooms } from './audit-routes.ts'
import { accountRoutes, type AccountRooms } from './account-routes.ts'
import { collectionRoutes, type CollectionRooms } from './collection-routes.ts'
import { lifecycleRoutes, type LifecycleRooms } from './lifecycle-routes.ts'
import { masterKeyRoutes, type MasterKeyRooms } from './master-key-routes.ts'
import { findingRoutes, vulnerabilityIn, type FindingRooms } from './finding-routes.ts'
import { guardRailRoutes, type GuardRailRooms } from './guard-rail-routes.ts'
import { notificationRoutes, type NotificationRooms } from './notification-routes.ts'
import { oidcProviderRoutes, type OidcProviderRooms } from './oidc-provider-routes.ts'
import { policyRoutes, type PolicyRooms } from './policy-routes.ts'
import { postureRoutes, type PostureRooms } from './posture-routes.ts'
import { quotaRoutes, type QuotaRooms } from './quota-routes.ts'
import { refused, type ControlRoute } from './route.ts'
import { sbomRoutes, type SbomRooms } from './sbom-routes.ts'
import { sessionRoutes, type SessionRooms } from './session-routes.ts'
import { suppressionRoutes, type SuppressionRooms } from './suppression-routes.ts'
import { revocationRoutes, type RevocationRooms } from './revocation-routes.ts'
import { trustRoutes, type TrustRooms } from './trust-routes.ts'
import { signingRoutes, type SigningRooms } from './signing-routes.ts'
import { storageRoutes, type StorageRooms } from './storage-routes.ts'
import { whereRoutes, type WhereRooms } from './where-routes.ts'

/** What the rooms give this edge; app.ts binds them. */
export interface ControlRooms
  extends
    AccountRooms,
    AdmissionRooms,
    AdvisoryRooms,
    AuditRooms,
    QuotaRooms,
    CollectionRooms,
    FindingRooms,
    LifecycleRooms,
    StorageRooms,
    SuppressionRooms,
    OidcProviderRooms,
    MasterKeyRooms,
    SbomRooms,
    SessionRooms,
    SigningRooms,
    GuardRailRooms,
    NotificationRooms,
    PolicyRooms,
    PostureRooms,
    TrustRooms,
    RevocationRooms,
    WhereRooms {
  readonly describeAdvisories: () => Promise<unknown>
  readonly importAdvisories: (
    input: {
      readonly source: string
      readonly bytes: Readable
      readonly snapshot: boolean
      readonly confirmLoss: boolean
    },
    options: { readonly signal: AbortSignal },
  ) => Promise<unknown>
  /** What an import of the file of that hash would come to, where it is in force; undefined: it is to be sent. */
  readonly confirmImport: (input: {
    readonly source: string
    readonly sha256: string
  }) => Promise<unknown>
  /** EPSS, CISA's catalogue of exploited flaws, or scores: which of them the file says itself. */
  readonly importCveFacts: (
    input: { readonly bytes: Readable; readonly confirmLoss: boolean },
    options: { readonly signal: AbortSignal },
  ) => Promise<unknown>
  /** Of words such as `alpine` and `osv/npm`; without words, what the settings name. */
  readonly chooseFeeds: (words: readonly string[]) => FeedChoice
  /** One value for each step; the last of a part says how it ended. */
  readonly updateAdvisories: (
    input: { readonly chosen: readonly ChosenFeed[]; readonly confirmLoss: boolean },
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<unknown>
  readonly scanArchive: (
    input: {
      readonly kind: 'rootfs' | 'archive'
      readonly body: Readable
      /** Whose documents and rules are in force. */
      readonly account: AccountId
      /** Any id of a flaw; each image's answer then says why it is, or is not, affected. */
      readonly explain?: string
    },
    options: { readonly signal: AbortSignal },
  ) => Promise<unknown>
}

export const controlRoutes: readonly ControlRoute<ControlRooms>[] = [
  ...advisoryRoutes,
  ...auditRoutes,
  ...accountRoutes,
  ...quotaRoutes,
  ...guardRailRoutes,
  ...policyRoutes,
  ...collectionRoutes,
  ...findingRoutes,
  ...lifecycleRoutes,
  ...suppressionRoutes,
  ...trustRoutes,
  ...revocationRoutes,
  ...admissionRoutes,
  ...storageRoutes,
  ...oidcProviderRoutes,
  ...masterKeyRoutes,
  ...sbomRoutes,
  ...sessionRoutes,
  ...signingRoutes,
  ...whereRoutes,
  ...notificationRoutes,
  ...postureRoutes,
  {
    method: 'GET',
    path: '/pratique/v1/advisories',
    action: 'pratique:DescribeAdvisories',
    isOfAccount: true,
    run: async (rooms) => ({ kind: 'json', value: await rooms.describeAdvisories() }),
  },
  {
    method: 'POST',
    path: '/pratique/v1/advisories',
    action: 'pratique:ImportAdvisories',
    run: async (rooms, { query, body, signal }) => {
      const source = query.get('source') ?? ''
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(source)) {
        return refused('source must be a name of 1 to 64 letters, digits and . _ -')
      }
      const sha256 = query.get('if-not-sha256')
      if (sha256 !== null) {
        if (!/^[0-9a-f]{64}$/.test(sha256))
          return refused('if-not-sha256 must be 64 hexadecimal digits in lower case')
        const confirmed = await rooms.confirmImport({ source, sha256 })
        return { kind: 'json', value: confirmed ?? { kind: 'unknown' } }
      }
      const snapshot = query.get('snapshot') !== 'false'
      const confirmLoss = query.get('confirm-loss') === 'true'
      const input = { source, bytes: body, snapshot, confirmLoss }
      return { kind: 'json', value: await rooms.importAdvisories(input, { signal }) }
    },
  },
  {
    method: 'POST',
    path: '/pratique/v1/cve-facts',
    action: 'pratique:ImportAdvisories',
    run: async (rooms, { query, body, signal }) => {
      const confirmLoss = query.get('confirm-loss') === 'true'
      return {
        kind: 'json',
        value: await rooms.importCveFacts({ bytes: body, confirmLoss }, { signal }),
      }
    },
  },
  {
    method: 'POST',
    path: '/pratique/v1/advisories/update',
    action: 'pratique:UpdateAdvisories',
    run: async (rooms, { query, signal }) => {
      const asked = query.getAll('feed')
      if (query.has('ecosystem'))
        return refused('name feeds instead of ecosystems: feed=osv/npm, feed=alpine')
      if (asked.length > 100) return refused('at most 100 feeds can be named at once')
      const choice = rooms.chooseFeeds(asked)
      if (choice.kind === 'refused') return refused(choice.reason)
      if (choice.feeds.length === 0)
        return refused(
          'the settings name no feed (PRATIQUE_FEEDS): name one, such as osv/npm or kev',
        )
      const confirmLoss = query.get('confirm-loss') === 'true'
      if (confirmLoss && asked.length === 0)
        return refused('name the feed whose loss you confirm: feed=osv/npm')
      const input = { chosen: choice.feeds, confirmLoss }
      return Promise.resolve({ kind: 'lines', values: rooms.updateAdvisories(input, { signal }) })
    },
  },
  {
    method: 'POST',
    path: '/pratique/v1/scans',
    action: 'pratique:ScanArchive',
    isOfAccount: true,
    run: async (rooms, { account, query, body, signal }) => {
      const kind = query.get('kind')
      if (kind !== 'rootfs' && kind !== 'archive') return refused('kind must be rootfs or archive')
      const explain = vulnerabilityIn(query.get('explain'))
      if (query.has('explain') && explain === undefined)
        return refused('explain must be the id of a flaw, such as CVE-2021-44228')
      const asked = explain === undefined ? {} : { explain }
      return {
        kind: 'json',
        value: await rooms.scanArchive({ kind, body, account, ...asked }, { signal }),
      }
    },
  },
]
