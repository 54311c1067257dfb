/** Views of one thing, of which one is shown. */
import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components";
import css from "./Tabs.module.css";

export interface TabItem {
  readonly id: string;
  readonly label: string;
  /** A small count behind the label. */
  readonly count?: string;
  readonly content: ReactNode;
}

export interface TabsProps {
  /** What the tabs are about, for screen readers. */
  readonly label: string;
  readonly items: readonly TabItem[];
  /** Which one is shown; the caller keeps it, in the URL where it is part of the view. */
  readonly selected?: string;
  readonly onSelect?: (id: string) => void;
}

/** Tabs; the row of them scrolls sideways on its own when it is too long. */
export function Tabs({ label, items, selected, onSelect }: TabsProps): ReactNode {
  return (
    <AriaTabs
      {...(selected === undefined ? {} : { selectedKey: selected })}
      onSelectionChange={(key) => onSelect?.(String(key))}
      className={css["tabs"] ?? ""}
    >
      <TabList aria-label={label} className={css["list"] ?? ""}>
        {items.map((item) => (
          <Tab key={item.id} id={item.id} className={css["tab"] ?? ""}>
            {item.label}
            {item.count !== undefined && <span className={css["count"]}>{item.count}</span>}
          </Tab>
        ))}
      </TabList>
      {items.map((item) => (
        <TabPanel key={item.id} id={item.id} className={css["panel"] ?? ""}>
          {item.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
