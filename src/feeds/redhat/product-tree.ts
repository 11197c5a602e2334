// Purpose:  of which package of which release does a product id of a Red Hat document speak?
// Spec:     CSAF 2.0 section 3.2.2 (product_tree); Red Hat's CPEs, and its purls with `epoch` and `rpmmod`.
// Input:    the product tree of one document, parsed; hostile.
// Deviates: only the main stream of Red Hat Enterprise Linux is told (`enterprise_linux`, not `rhel_eus` and the like, nor
//           layered products); its repositories and minor releases are one product, since packages come from one build.
// Unknowns: an id that leads to no CPE or to no rpm is absent: other products, containers.
import { parsePurl } from '../../lib/purl.ts'
import { listOf, isObject, objectsOf, textOf, type JsonObject } from '../json-values.ts'

/** An rpm as one product has it. */
export interface ProductPackage {
  /** `9` of Red Hat Enterprise Linux 9. */
  readonly major: string
  /** With the stream before it where it is modular: `nodejs:18::nodejs`. */
  readonly name: string
  /** `1:3.0.7-27.el9`; absent where the document names none. */
  readonly version: string | undefined
}

export interface ProductTree {
  find(productId: string): ProductPackage | undefined
}

const maxBranchDepth = 16
/** CPE 2.2 as a URI, and the formatted string of 2.3, which writes the parts that are not told as asterisks. */
const mainStream =
  /^cpe:(?:\/|2\.3:)[ao]:redhat:enterprise_linux:([0-9]{1,3})(?:\.[0-9]{1,3})*(?::|$)/
const packageName = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,200}$/
const stream = /^([\w.+-]+:[\w.+-]+)(?::|$)/

export function readProductTree(tree: unknown): ProductTree {
  const products = new Map<string, string>()
  const purls = new Map<string, string>()
  if (isObject(tree)) collect(listOf(tree['branches']), { products, purls }, 0)
  const relations = relationsIn(isObject(tree) ? tree : {})
  return {
    find(productId) {
      const relation = relations.get(productId)
      if (relation === undefined) return undefined
      const place = placeOf(relation.product, { products, purls, relations })
      const purl = purls.get(relation.component)
      if (place === undefined || purl === undefined) return undefined
      return packageOf(purl, { ...place, reference: relation.component })
    },
  }
}

interface Known {
  /** Product id → major release, of the main stream only. */
  readonly products: Map<string, string>
  /** Product id → purl. */
  readonly purls: Map<string, string>
}

function collect(branches: readonly unknown[], known: Known, depth: number): void {
  if (depth > maxBranchDepth) return
  for (const branch of branches) {
    if (!isObject(branch)) continue
    collect(listOf(branch['branches']), known, depth + 1)
    const { product } = branch
    if (isObject(product)) keep(product, known)
  }
}

function keep(product: JsonObject, { products, purls }: Known): void {
  const id = textOf(product['product_id'])
  const helper = product['product_identification_helper']
  if (id === undefined || !isObject(helper)) return
  const major = mainStream.exec(textOf(helper['cpe']) ?? '')?.[1]
  if (major !== undefined) products.set(id, major)
  const purl = textOf(helper['purl']) ?? textOf(listOf(helper['purls'])[0])
  if (purl?.startsWith('pkg:rpm') === true) purls.set(id, purl)
}

interface Relation {
  readonly component: string
  readonly product: string
}

function relationsIn(tree: JsonObject): ReadonlyMap<string, Relation> {
  const relations = new Map<string, Relation>()
  for (const entry of objectsOf(tree['relationships'])) {
    const component = textOf(entry['product_reference'])
    const product = textOf(entry['relates_to_product_reference'])
    const named = entry['full_product_name']
    const id = isObject(named) ? textOf(named['product_id']) : undefined
    if (id !== undefined && component !== undefined && product !== undefined)
      relations.set(id, { component, product })
  }
  return relations
}

interface Place {
  readonly major: string
  readonly module: string | undefined
}

/** A package of a module is a component of the module, which is one of the product. */
function placeOf(
  product: string,
  { products, purls, relations }: Known & { readonly relations: ReadonlyMap<string, Relation> },
): Place | undefined {
  const major = products.get(product)
  if (major !== undefined) return { major, module: undefined }
  const outer = relations.get(product)
  const outerMajor = outer === undefined ? undefined : products.get(outer.product)
  if (outer === undefined || outerMajor === undefined) return undefined
  const module = purls.get(outer.component)?.startsWith('pkg:rpmmod/') === true
  return { major: outerMajor, module: module ? streamOf(outer.component) : undefined }
}

function packageOf(
  text: string,
  { major, module, reference }: Place & { readonly reference: string },
): ProductPackage | undefined {
  const purl = parsePurl(text)
  if (purl?.type !== 'rpm' || !packageName.test(purl.name)) return undefined
  const inModule = module ?? streamOf(purl.qualifiers.get('rpmmod'))
  return {
    major,
    name: inModule === undefined ? purl.name : `${inModule}::${purl.name}`,
    version: versionOf(purl.version, purl.qualifiers.get('epoch') ?? epochIn(reference)),
  }
}

/** `nodejs:18` of `nodejs:18:8090020240301110609:a75119d5`. */
function streamOf(module: string | undefined): string | undefined {
  return stream.exec(module ?? '')?.[1]
}

/** What has no release is no version of a package: `nodejs@18` names the stream. */
function versionOf(version: string | undefined, epoch: string | undefined): string | undefined {
  if (version === undefined || !/^[^\s:-]{1,200}-[^\s:-]{1,200}$/.test(version)) return undefined
  return epoch === undefined || /^0+$/.test(epoch) ? version : `${epoch}:${version}`
}

/** Older documents have the epoch in the id only: `openssl-1:3.0.7-27.el9.src`. */
function epochIn(reference: string): string | undefined {
  return /-([0-9]{1,9}):[^:-]+-[^:-]+$/.exec(reference)?.[1]
}
