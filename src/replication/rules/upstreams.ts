// Purpose:  which registries may stand behind a pull-through cache rule, and what each asks for.
// Spec:     Amazon ECR API, CreatePullThroughCacheRule; user guide, "Sync an upstream registry with an Amazon ECR private registry".
// Input:    members of the request, of the model's patterns; hostile.
// Deviates: secrets and roles are not looked up: only whether they are named where the upstream needs them.
// Unknowns: a host that is none of the table's is unsupported.

export const upstreamKinds = [
  'ecr',
  'ecr-public',
  'quay',
  'k8s',
  'docker-hub',
  'github-container-registry',
  'azure-container-registry',
  'gitlab-container-registry',
  'chainguard',
] as const
export type UpstreamKind = (typeof upstreamKinds)[number]

interface Upstream {
  readonly host: RegExp
  /** As shown to whoever wrote another. */
  readonly example: string
  /** `secret`: only who shows credentials is answered; `role`: of another account, only a role that it lets in. */
  readonly needs: 'nothing' | 'secret' | 'role'
}

const upstreams: Readonly<Record<UpstreamKind, Upstream>> = {
  ecr: {
    host: /^([0-9]{12})\.dkr\.ecr\.[a-z0-9-]{1,32}\.amazonaws\.com$/,
    example: 'ACCOUNT.dkr.ecr.REGION.amazonaws.com',
    needs: 'role',
  },
  'ecr-public': of('public.ecr.aws', 'nothing'),
  quay: of('quay.io', 'nothing'),
  k8s: of('registry.k8s.io', 'nothing'),
  'docker-hub': of('registry-1.docker.io', 'secret'),
  'github-container-registry': of('ghcr.io', 'secret'),
  'azure-container-registry': {
    host: /^[a-z0-9][a-z0-9-]{0,62}\.azurecr\.io$/,
    example: 'NAME.azurecr.io',
    needs: 'secret',
  },
  'gitlab-container-registry': of('registry.gitlab.com', 'secret'),
  chainguard: of('cgr.dev', 'secret'),
}

function of(host: string, needs: Upstream['needs']): Upstream {
  return { host: new RegExp(`^${host.replaceAll('.', String.raw`\.`)}$`), example: host, needs }
}

export interface UpstreamAccess {
  readonly credentialArn: string | undefined
  readonly customRoleArn: string | undefined
}

export type UpstreamReading =
  | { readonly kind: 'upstream'; readonly upstream: UpstreamKind }
  | { readonly kind: 'unsupported' | 'invalid'; readonly words: string }

/** Whose host it is; `stated` is what the request says of it, if anything. */
export function readUpstream(url: string, stated: UpstreamKind | undefined): UpstreamReading {
  const shown = JSON.stringify(url.slice(0, 200))
  const upstream = upstreamKinds.find((one) => upstreams[one].host.test(url))
  if (upstream === undefined) {
    const known = upstreamKinds.map((one) => upstreams[one].example).join(', ')
    const words = `upstreamRegistryUrl ${shown} is not the host of a supported registry, written without scheme and path: ${known}`
    return { kind: 'unsupported', words }
  }
  if (stated === undefined || stated === upstream) return { kind: 'upstream', upstream }
  const words = `upstreamRegistry is ${stated}, whose upstreamRegistryUrl is ${upstreams[stated].example}; ${shown} is that of ${upstream}`
  return { kind: 'invalid', words }
}

/** What is missing or too much of the means to get in; undefined for nothing. `account` owns the rule. */
export function faultOfAccess(
  { upstream, url }: { readonly upstream: UpstreamKind; readonly url: string },
  { credentialArn, customRoleArn }: UpstreamAccess,
  account: string,
): string | undefined {
  const { needs } = upstreams[upstream]
  if (needs === 'secret' && credentialArn === undefined)
    return `credentialArn must be given for the upstream ${upstream}, which answers nobody without credentials`
  if (needs === 'role' && credentialArn !== undefined)
    return `credentialArn must not be given for the upstream ${upstream}: name a role as customRoleArn`
  if (needs !== 'role' && customRoleArn !== undefined)
    return `customRoleArn must not be given for the upstream ${upstream}: roles open private registries of ECR only`
  const owner = upstreams.ecr.host.exec(url)?.[1]
  if (needs === 'role' && customRoleArn === undefined && owner !== account)
    return `customRoleArn must be given for a registry of another account: ${url} is of ${owner ?? ''}`
  return faultOfRole(customRoleArn, account)
}

function faultOfRole(customRoleArn: string | undefined, account: string): string | undefined {
  if (customRoleArn === undefined) return undefined
  const start = `arn:aws:iam::${account}:role/`
  return customRoleArn.startsWith(start) && customRoleArn.length > start.length
    ? undefined
    : `customRoleArn ${JSON.stringify(customRoleArn.slice(0, 200))} must be a role of the registry's own account: ${start}NAME`
}
