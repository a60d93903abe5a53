# 登入之後：我的卡片、機關所有憑證、快過期憑證。

session-who = 已登入的卡片
session-until = （{ $time } 自動登出）
session-log-out = 登出

my-card = 我的卡片

organisation-all = 機關所有憑證
organisation-all-choice = 用機關或組織的卡片登入，查看所有卡片的憑證狀態和到期日，並下載清單。
organisation-all-lead = 這個機關（組織）在本中心的所有憑證。
organisation-expiring = 快過期憑證清單
organisation-expiring-choice = 用機關或組織的卡片登入，查看 { $days } 天內到期的憑證。
organisation-expiring-lead = { $days } 天內到期、還沒有廢止的憑證。
organisation-expiring-short = { $days } 天內到期
organisation-expiring-do = 憑證到期後不能再簽章或登入。請在到期前申請換發；需要協助請打 { $telephone }。
organisation-lists = 登入後可以看的頁面
organisation-narrow = 排序和篩選
organisation-sort = 排序
organisation-sort-holder = 依持有者
organisation-sort-number = 依卡號
organisation-sort-expiry = 依到期日，先到期的在前
organisation-sort-latest_expiry = 依到期日，後到期的在前
organisation-sort-status = 依狀態
organisation-status-all = 全部狀態
organisation-show = 顯示
organisation-none = 沒有這種狀態的憑證。
organisation-none-expiring = { $days } 天內沒有憑證到期，不用做什麼。
organisation-none-yet = 還沒有憑證。
organisation-days-left = { $days ->
        [0] 今天到期
       *[other] 還有 { $days } 天
    }
organisation-next = 下一頁
organisation-first = 回第一頁
organisation-csv = 下載清單（CSV）
organisation-csv-hint = CSV 檔可以用試算表軟體開啟，內容是目前的排序和篩選的全部憑證，不只這一頁。
organisation-from = 生效日
organisation-to = 到期日
organisation-since = { $day } 生效
organisation-supplementary = 您用附卡登入。機關（組織）所有憑證要用正卡登入才能查看。

my-contact = 聯絡人
my-contact-lead = 重設用戶代碼的連結和通知，都會寄到聯絡信箱。您已經用卡片登入，修改時不需要用戶代碼。

publication = 別人查不查得到
publication-on = 目前：別人查得到這張卡片的憑證
publication-on-means = 知道卡號和持有者名稱、或憑證序號的人，可以查到並下載憑證，用來驗證您的簽章，或加密資料給您。
publication-off = 目前：別人查不到這張卡片的憑證
publication-off-means = 查詢時，別人看到的和沒有這張卡片一樣。憑證照常可以使用，驗證的系統也照常查得到是否有效。
publication-turn-off = 不要讓別人查到
publication-turn-on = 讓別人查得到
publication-now-off = 已經改好。從現在起，別人查不到這張卡片的憑證。
publication-now-on = 已經改好。從現在起，別人查得到這張卡片的憑證。

portal-login-over = 登入時間已經到了，或卡片的憑證已不是有效。為了保護您的資料，請再登入一次。
portal-login-out = 您已經登出。可以把卡片取出。
portal-note-login-ends = 登入 30 分鐘後自動登出；用完請按「登出」，再取出卡片。
