"""The report as one page of HTML: `chapters` chooses what stands in it, `page.html` how it is written, `report_page` joins both."""
