// Purpose:  may a node of a platform take an image that an index lists with another spelling of one?
// Spec:     OCI image-spec, image index, platform; containerd's normalisation of platforms, which nodes choose by.
// Input:    a platform that a cluster was registered with; one as an index has it, hostile.
// Deviates: nothing.
// Unknowns: a platform without an operating system may be of any; one that says nothing at all is taken by nobody who asks for one.

/** `linux/amd64`, `linux/arm/v7`: an image of `Linux/x86_64` is one of the first. Without a variant all of them are asked for. */
export function mayRunOn(wanted: string, platform: string): boolean {
  const [os = '', architecture = '', variant = ''] = partsOf(wanted)
  const [first = '', second = '', third = ''] = partsOf(platform)
  const asked = machineOf(architecture, variant)
  const isOf = (itsArchitecture: string, itsVariant: string): boolean => {
    const own = machineOf(itsArchitecture, itsVariant)
    return (
      own.architecture === asked.architecture && (variant === '' || own.variant === asked.variant)
    )
  }
  // Without a system the architecture stands in its place.
  return ((first === os || first === '') && isOf(second, third)) || isOf(first, second)
}

function partsOf(platform: string): readonly string[] {
  return platform.toLowerCase().split('/')
}

const otherNames: Readonly<Record<string, string>> = {
  i386: '386',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
}
/** What an architecture is where nobody says which. */
const usualVariants: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8', arm: 'v7' }

function machineOf(
  name: string,
  said: string,
): { readonly architecture: string; readonly variant: string } {
  const architecture = Object.hasOwn(otherNames, name) ? (otherNames[name] ?? name) : name
  if (name === 'armel') return { architecture, variant: 'v6' }
  const isSaid = said !== '' && architecture === name
  const usual = Object.hasOwn(usualVariants, architecture) ? usualVariants[architecture] : ''
  return { architecture, variant: isSaid ? said.replace(/^(?=\d)/, 'v') : (usual ?? '') }
}
