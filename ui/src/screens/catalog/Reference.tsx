/** A field that holds the id of another record: chosen by name among those that there are. */
import { useMemo, type ReactNode } from "react";
import { Combo, type Option } from "../../forms";
import { type FieldValue, type Kind } from "./kinds";
import { useRecords } from "./records";

export interface ReferenceProps {
  readonly of: Kind;
  readonly label: string;
  readonly name?: string;
  readonly value: string | null;
  readonly onChange: (value: string) => void;
  /** Of rooms: the building whose rooms are meant. */
  readonly building?: string | null;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
  /** Takes an id that is not there yet. */
  readonly isOpenEnded?: boolean;
  readonly description?: string;
}

export function useOptions(of: Kind, building: string | null | undefined): readonly Option[] {
  const { data } = useRecords(of);
  return useMemo(() => {
    const fitting = (data?.rows ?? []).filter(({ fields }) => of !== "rooms" || !building || fields["building"] === building);
    return fitting.map(({ fields }) => optionOf(fields));
  }, [data, of, building]);
}

function optionOf(fields: Readonly<Record<string, FieldValue>>): Option {
  const id = String(fields["id"]);
  const name = String(fields["name"] ?? "");
  return name && name !== id ? { value: id, label: id, detail: name } : { value: id, label: id };
}

export function Reference({ of, building, description, name, isRequired = false, isDisabled = false, isOpenEnded = false, ...rest }: ReferenceProps): ReactNode {
  const options = useOptions(of, building);
  return (
    <Combo
      {...rest}
      options={options}
      isRequired={isRequired}
      isDisabled={isDisabled}
      isOpenEnded={isOpenEnded}
      {...(name === undefined ? {} : { name })}
      {...(description === undefined ? {} : { description })}
    />
  );
}
