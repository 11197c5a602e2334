// What the rooms do for Pratique's own API, bound to what they stand on.
import { listAccounts } from './access/account-store.ts'
import {
  closeAccount,
  createAccount,
  createRootKey,
  openAccount,
  putAlias,
} from './access/accounts.ts'
import { describeMasterKeys } from './access/describe-master-keys.ts'
import { revokeSessions } from './access/revoke-sessions.ts'
import { changeProviderOptions, describeProviders } from './access/oidc-providers.ts'
import { runRotation } from './access/run-rotation.ts'
import { advisoryRooms } from './advisory-rooms.ts'
import { collectorOf, graceOf } from './background.ts'
import type { Config } from './config.ts'
import type { AccountRooms } from './edges/control/account-routes.ts'
import type { AdmissionRooms } from './edges/control/admission-routes.ts'
import type { AuditRooms } from './edges/control/audit-routes.ts'
import type { NotificationRooms } from './edges/control/notification-routes.ts'
import type { PostureRooms } from './edges/control/posture-routes.ts'
import type { policyRooms } from './edges/control/policy-rooms.ts'
import type { ControlRooms } from './edges/control/routes.ts'
import { chooseFeeds } from './feeds/choice.ts'
import { type Foundation } from './foundation.ts'
import type { SbomTool } from './sbom/inventory.ts'
import { lifecycleRooms } from './lifecycle-rooms.ts'
import { trustRooms } from './trust-rooms.ts'
import { programVersion } from './lib/program-version.ts'
import { checkingStorage } from './registry/check-storage.ts'
import { collecting } from './registry/collect-storage.ts'
import { listCollections } from './registry/collection-store.ts'
import type { SuppressionRooms } from './edges/control/suppression-routes.ts'
import { describeUsage } from './registry/describe-usage.ts'
import { planCollection } from './registry/plan-collection.ts'
import { putQuota } from './registry/put-quota.ts'
import { openImageContent } from './registry/open-image-content.ts'
import { findManifestSummary } from './registry/manifest-store.ts'
import { getRepository, isFirstSegment, type Repository } from './registry/repository-store.ts'
import { writingBackup } from './registry/write-backup.ts'
import { describeAdvisories } from './scanning/describe-advisories.ts'
import {
  explainVulnerability,
  type VulnerabilityExplanation,
} from './scanning/explain-vulnerability.ts'
import { confirmImport } from './scanning/confirm-import.ts'
import { compareSbom, type SbomComparison } from './scanning/compare-sbom.ts'
import { describeSbom } from './scanning/describe-sbom.ts'
import { applyRules, describeRules } from './scanning/apply-rules.ts'
import { recallFindings } from './scanning/recall-findings.ts'
import { awaitEvaluation } from './scanning/await-evaluation.ts'
import { findImages } from './scanning/find-images.ts'
import { findScan, type FoundScan } from './scanning/find-scan.ts'
import { listImageSecrets } from './scanning/list-image-secrets.ts'
import { listFindings, type Finding } from './scanning/list-findings.ts'
import { getVexDocument, putVexDocument, removeVexDocument } from './scanning/put-vex-document.ts'
import { countRuleUses } from './scanning/rule-uses.ts'
import type { ScannedInstance } from './scanning/image-scan.ts'
import type { ImageSuppressions } from './scanning/rules/suppression.ts'
import type { Suppressions } from './scanning/suppressions.ts'
import { listVexDocuments } from './scanning/vex-document-store.ts'
import { listVexReferrers } from './scanning/vex-referrer-store.ts'
import { importAdvisories } from './scanning/import-advisories.ts'
import { importCveFacts } from './scanning/import-cve-facts.ts'
import { signingRooms } from './signing-rooms.ts'
import { type LayerReaders } from './scanning/read-layer.ts'
import { sbomsOfArchive } from './scanning/sbom-of-archive.ts'
import { scanArchive } from './scanning/scan-archive.ts'
import { refreshNow, type FeedSources } from './scanning/refresh-feeds.ts'
import type { TrustedKey } from './lib/public-keys.ts'
import type { Verifiers } from './trust/verify-aside.ts'
import { readIfThere } from './storage/data-directory.ts'
import { openSqlite } from './storage/database/sqlite.ts'

export interface ControlDeps {
  readonly layers: LayerReaders
  readonly verifiers: Verifiers
  readonly wake: () => void
  readonly suppressions: Suppressions
  readonly feeds: FeedSources
  /** Names the keys that are believed now. */
  readonly vexKeysHash: string
  /** Whose signatures count on bundles. */
  readonly bundleKeys: readonly TrustedKey[]
}

/** What else the product can do for its own command line; see edges/control. */
export function controlRooms(
  config: Config,
  foundation: Foundation,
  { layers, verifiers, wake, suppressions, feeds, vexKeysHash, bundleKeys }: ControlDeps,
): Omit<
  ControlRooms,
  | keyof AdmissionRooms
  | keyof AuditRooms
  | keyof NotificationRooms
  | keyof PostureRooms
  | keyof ReturnType<typeof policyRooms>
> {
  const { paths, database } = foundation
  const staleAfterMs = config.staleAfterHours * 3_600_000
  const temporaryDirectory = paths.temporary
  return {
    ...accountRooms(foundation),
    ...advisoryRooms(foundation, { keys: bundleKeys, wake, chosen: feeds.chosen }),
    ...lifecycleRooms(config, foundation, wake),
    ...trustRooms(config, foundation, { verifiers, wake }),
    ...signingRooms(config.region, foundation, wake),
    ...suppressionRooms(foundation, suppressions, vexKeysHash),
    collect: (input, options) =>
      collecting(collectorOf(config, foundation), { ...input, askedBy: 'request' }, options),
    planCollection: (input, options) =>
      planCollection({ ...foundation, reader: database, graceMs: graceOf(config) }, input, options),
    listCollections: () => listCollections(database, 20),
    checkStorage: (input, options) => checkingStorage(foundation, input, options),
    writeBackup: (input, options) => backUp(foundation, input, options),
    describeMasterKeys: () => describeMasterKeys({ reader: database, source: foundation.source }),
    rotateMasterKey: (input, options) => runRotation(foundation, input, options),
    describeUsage: (input) => describeUsage(foundation.database, input),
    putQuota: (input) => putQuota(foundation, input),
    describeOidcProviders: ({ account }) => describeProviders({ reader: database }, account),
    changeOidcProvider: (input) => changeProviderOptions({ database }, input),
    revokeSessions: (input) => revokeSessions(foundation, input),
    describeAdvisories: () => describeAdvisories(foundation, { staleAfterMs }),
    async importAdvisories(input, options) {
      const result = await importAdvisories(foundation, { ...input, origin: 'import' }, options)
      wake()
      return result
    },
    confirmImport: (input) => confirmImport(foundation, input),
    importCveFacts: (input, options) => importCveFacts(foundation, input, options),
    chooseFeeds: (words) =>
      words.length === 0 ? { kind: 'chosen', feeds: feeds.chosen } : chooseFeeds(words),
    async *updateAdvisories(input, options) {
      for await (const step of refreshNow({ ...foundation, ...feeds }, input, options)) {
        yield step
        wake()
      }
    },
    explainVulnerability: (input) => explainImage({ ...foundation, suppressions }, input),
    listSuppressed: (input) => listSuppressed({ ...foundation, suppressions }, input),
    recallFindings: (input) => recallImage({ ...foundation, suppressions }, input),
    listImageSecrets: (input) => listSecrets(foundation, input),
    findImages: async (input) => {
      await awaitEvaluation(database)
      return findImages({ reader: database, suppressions }, input)
    },
    describeSbom: (input) => describeRepositorySbom(config, { ...foundation, suppressions }, input),
    compareSbom: (input) => compareRepositorySbom(foundation, input),
    async sbomsOfArchive({ account, ...input }, options) {
      const inForce = (instances: readonly ScannedInstance[]): Promise<ImageSuppressions> =>
        suppressions.inForce({ account, instances })
      const tool = await sbomTool()
      const deps = { ...foundation, layers, temporaryDirectory, tool, inForce }
      return sbomsOfArchive(deps, input, options)
    },
    scanArchive: (input, options) =>
      scanArchive({ ...foundation, layers, temporaryDirectory, suppressions }, input, options),
  }
}

type AskedImage = Parameters<ControlRooms['listSuppressed']>[0]
type FindingDeps = Foundation & { readonly suppressions: Suppressions }

async function explainImage(
  deps: FindingDeps,
  { vulnerability, ...image }: Parameters<ControlRooms['explainVulnerability']>[0],
): Promise<VulnerabilityExplanation | undefined> {
  const found = await findScanInForce(deps, image)
  if (found === undefined) return undefined
  return explainVulnerability(deps.database, found.scan, vulnerability, found.inForce)
}

async function listSuppressed(
  deps: FindingDeps,
  image: AskedImage,
): Promise<{ readonly suppressed: readonly Finding[] } | undefined> {
  const found = await findScanInForce(deps, image)
  if (found === undefined) return undefined
  const { instances, left } = found.scan
  const { suppressed } = await listFindings(deps.database, instances, found.inForce, {
    asOf: left?.revision,
  })
  return { suppressed }
}

async function listSecrets(
  { database, blobs }: Foundation,
  { account, repository: name, digest }: AskedImage,
): ReturnType<ControlRooms['listImageSecrets']> {
  const { id } = await getRepository(database, { account, name })
  const content = openImageContent({ reader: database, blobs }, id)
  return listImageSecrets({ reader: database, content }, digest)
}

async function recallImage(
  deps: FindingDeps,
  { at, ...image }: Parameters<ControlRooms['recallFindings']>[0],
): ReturnType<ControlRooms['recallFindings']> {
  const found = await findScanInForce(deps, image)
  if (found === undefined) return undefined
  const { scan, repository } = found
  const manifest = await findManifestSummary(deps.database, repository.id, image.digest)
  const pushedAt = manifest?.pushedAt ?? new Date(0)
  return { recalled: await recallFindings(deps.database, { scan, pushedAt }, at) }
}

async function findScanInForce(
  { database, blobs, suppressions }: FindingDeps,
  { account, repository: name, digest }: AskedImage,
): Promise<
  | {
      readonly repository: Repository
      readonly scan: FoundScan
      readonly inForce: ImageSuppressions
    }
  | undefined
> {
  const repository = await getRepository(database, { account, name })
  const content = openImageContent({ reader: database, blobs }, repository.id)
  const scan = await findScan(database, content, { repositoryId: repository.id, digest })
  if (scan === undefined) return undefined
  const { instances } = scan
  const inForce = await suppressions.inForce({ account, repository, instances })
  return { repository, scan, inForce }
}

/** Documents beside one image that are listed; a push may bring as many as it likes. */
const maxListedReferrers = 1000

function suppressionRooms(
  foundation: Foundation,
  suppressions: Suppressions,
  keysHash: string,
): SuppressionRooms {
  const { database, clock } = foundation
  return {
    putVexDocument: (input) => putVexDocument(foundation, input),
    listVexDocuments: (account) => listVexDocuments(database, account),
    getVexDocument: (account, digest) => getVexDocument(database, account, digest),
    removeVexDocument: (account, digest) => removeVexDocument(foundation, account, digest),
    async listVexReferrers({ account, repository: name, digest }) {
      const { id } = await getRepository(database, { account, name })
      const key = { repositoryId: id, digest }
      return listVexReferrers(database, key, { keysHash, limit: maxListedReferrers })
    },
    applyRules: (input) => applyRules(foundation, input),
    describeRules: (account) => describeRules({ reader: database, clock }, account),
    countRuleUses: (account, options) =>
      countRuleUses({ reader: database, clock, suppressions }, account, options),
  }
}

async function sbomTool(): Promise<SbomTool> {
  return { name: 'pratique', version: await programVersion() }
}

async function compareRepositorySbom(
  { database, blobs }: Foundation,
  { repository: address, ...input }: Parameters<ControlRooms['compareSbom']>[0],
): Promise<SbomComparison | undefined> {
  const { id: repositoryId } = await getRepository(database, address)
  const content = openImageContent({ reader: database, blobs }, repositoryId)
  return compareSbom({ reader: database, content }, { ...input, repositoryId })
}

async function describeRepositorySbom(
  { url }: Config,
  { database, blobs, suppressions }: FindingDeps,
  { repository: address, ...input }: Parameters<ControlRooms['describeSbom']>[0],
): Promise<string | undefined> {
  const repository = await getRepository(database, address)
  const { id: repositoryId, name, account } = repository
  const content = openImageContent({ reader: database, blobs }, repositoryId)
  const inForce = (instances: readonly ScannedInstance[]): Promise<ImageSuppressions> =>
    suppressions.inForce({ account, repository, instances })
  // Only an address that somebody set is the same in every document of the image.
  const found = url === undefined ? {} : { repositoryUrl: `${new URL(url).host}/${name}` }
  const deps = { reader: database, content, tool: await sbomTool(), inForce }
  return describeSbom(deps, { ...input, repositoryId, name, ...found })
}

function accountRooms(foundation: Foundation): AccountRooms {
  const { database, keyring } = foundation
  const deps = { ...foundation, accessKeyKey: keyring.keysOf('access-key'), isFirstSegment }
  return {
    listAccounts: () => listAccounts(database),
    createAccount: (input) => createAccount(deps, input),
    putAlias: (input) => putAlias(deps, input),
    closeAccount: (input) => closeAccount(deps, input),
    openAccount: (input) => openAccount(deps, input),
    createRootKey: (input) => createRootKey(deps, input),
  }
}

async function* backUp(
  foundation: Foundation,
  input: { readonly withKeys: boolean },
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  const { paths } = foundation
  const deps = {
    ...foundation,
    openDatabase: openSqlite,
    temporaryDirectory: paths.temporary,
    programVersion: await programVersion(),
    readKeys: async () => ({
      // A key that lies elsewhere was put there to be apart from the data.
      masterKey: foundation.hasOwnKey ? ((await readIfThere(paths.masterKey)) ?? '') : '',
      credentials: (await readIfThere(paths.credentials)) ?? '',
    }),
  }
  yield* writingBackup(deps, input, options)
}
