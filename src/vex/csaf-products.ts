// Purpose:  read the product tree of a CSAF document: which id stands for which image or package.
// Spec:     CSAF 2.0, 3.2.2 "Product tree property" and its branches, relationships and groups.
// Input:    parsed JSON, nested no deeper than its parser allows; hostile.
// Deviates: a relationship is read as "this component of that product", whatever its category says of how they are joined.
// Unknowns: a product without purl and digest (a CPE alone) is kept, and matches nothing.
import { listIn, member, refuse, requiredText, textIn, type Placed } from './placed.ts'
import { componentOf, isIdentified, type VexComponent, type VexProduct } from './vex-document.ts'

const maxProducts = 50_000
const maxHashes = 100

export interface CsafProducts {
  /** Of a product id; throws with the place where the tree does not have it. */
  readonly find: (id: Placed) => VexProduct
  /** Ids of the products of a group. */
  readonly group: (id: Placed) => readonly Placed[]
}

/** `tree` is the document's `product_tree`. */
export function readCsafProducts(tree: Placed): CsafProducts {
  const products = new Map<string, VexProduct>()
  for (const product of listIn(tree, 'full_product_names', maxProducts))
    addProduct(products, product)
  for (const branch of listIn(tree, 'branches', maxProducts)) addBranch(products, branch)
  for (const relationship of listIn(tree, 'relationships', maxProducts))
    addRelationship(products, relationship)
  const groups = new Map<string, readonly Placed[]>()
  for (const group of listIn(tree, 'product_groups', maxProducts))
    groups.set(requiredText(group, 'group_id'), listIn(group, 'product_ids', maxProducts))
  return {
    find: (id) => find(products, id),
    group: (id) =>
      groups.get(String(id.value)) ?? refuse(id.at, 'names a group that the product tree lacks'),
  }
}

function find(products: ReadonlyMap<string, VexProduct>, { value, at }: Placed): VexProduct {
  const product = typeof value === 'string' ? products.get(value) : undefined
  return product ?? refuse(at, 'names a product that the product tree lacks')
}

/** Nested as deep as the JSON parser let it be. */
function addBranch(products: Map<string, VexProduct>, branch: Placed): void {
  const product = member(branch, 'product')
  if (product !== undefined) addProduct(products, product)
  for (const child of listIn(branch, 'branches', maxProducts)) addBranch(products, child)
}

function addProduct(products: Map<string, VexProduct>, product: Placed): void {
  keep(products, product, { ...identityOf(product), subcomponents: [] })
}

function keep(products: Map<string, VexProduct>, named: Placed, product: VexProduct): void {
  const id = requiredText(named, 'product_id')
  if (products.has(id)) refuse(`${named.at}.product_id`, 'is that of another product')
  if (products.size >= maxProducts) refuse('product_tree', `has more than ${maxProducts} products`)
  products.set(id, product)
}

/** What the joined product calls itself goes before what it is joined from. */
function addRelationship(products: Map<string, VexProduct>, relationship: Placed): void {
  const named = member(relationship, 'full_product_name')
  if (named === undefined) return refuse(relationship.at, 'has no full_product_name')
  const end = (name: string): VexProduct => {
    const id = member(relationship, name)
    return id === undefined ? refuse(relationship.at, `has no ${name}`) : find(products, id)
  }
  const part = end('product_reference')
  const whole = end('relates_to_product_reference')
  const own = identityOf(named)
  if (isIdentified(own)) keep(products, named, { ...own, subcomponents: [] })
  else keep(products, named, { ...rootOf(whole), subcomponents: [partOf(part)] })
}

/** Of a product that is a part itself, the whole it belongs to. */
function rootOf({ purls, digests }: VexProduct): VexComponent {
  return { purls, digests }
}

function partOf({ purls, digests, subcomponents }: VexProduct): VexComponent {
  return subcomponents[0] ?? { purls, digests }
}

function identityOf(product: Placed): VexComponent {
  const helper = member(product, 'product_identification_helper')
  if (helper === undefined) return componentOf([], [])
  const hashes = listIn(helper, 'hashes', maxHashes)
    .flatMap((file) => listIn(file, 'file_hashes', maxHashes))
    .map((hash) => [requiredText(hash, 'algorithm'), requiredText(hash, 'value')] as const)
  const purl = textIn(helper, 'purl')
  return componentOf(purl === undefined ? [] : [purl], hashes)
}
