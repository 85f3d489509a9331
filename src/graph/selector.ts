import { field, listOf, textOf } from '../model/fields.ts';

/** The labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Whether a `metav1.LabelSelector` selects labels: all of `matchLabels` and `matchExpressions`. An empty one selects
 * everything; what is no selector, or holds an operator that is not known, nothing.
 */
export function selects(selector: unknown, labels: Labels): boolean {
  if (typeof selector !== 'object' || selector === null) return false;
  const expressions = listOf(field(selector, 'matchExpressions'));
  return hasAll(field(selector, 'matchLabels') ?? {}, labels) && expressions.every((one) => holds(one, labels));
}

/** Whether a plain map of labels, as a Service has it, selects labels. An empty one selects nothing there. */
export function selectsByMap(map: unknown, labels: Labels): boolean {
  return typeof map === 'object' && map !== null && Object.keys(map).length > 0 && hasAll(map, labels);
}

function hasAll(wanted: unknown, labels: Labels): boolean {
  return Object.entries(wanted as object).every(([name, value]) => labels[name] === value);
}

function holds(expression: unknown, labels: Labels): boolean {
  const value = labels[textOf(field(expression, 'key')) ?? ''];
  const values = listOf(field(expression, 'values'));
  switch (field(expression, 'operator')) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
